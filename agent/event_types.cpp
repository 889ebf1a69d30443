// Each type lists its members once, in `members`; writing and reading are two visitors over that list.
#include "deed/agent/event_types.hpp"

#include <cmath>
#include <memory>
#include <type_traits>

#include "deed/core/base64.hpp"

namespace deed {
namespace {

template <class V> void members(V& v, auto& e, const Limits*) {
  v("max_steps", e.max_steps), v("max_tokens", e.max_tokens), v("max_cost_usd", e.max_cost_usd);
  v("max_time_ms", e.max_time), v("max_calls", e.max_calls);
  v("max_invalid_in_row", e.max_invalid_in_row), v("max_repeats_in_row", e.max_repeats_in_row);
}
template <class V> void members(V& v, auto& e, const ToolCall*) {
  v("id", e.id), v("name", e.name), v("arguments", e.arguments);
}
template <class V> void members(V& v, auto& e, const TokenUsage*) {
  v("input", e.input), v("cached", e.cached), v("cache_written", e.cache_written), v("output", e.output), v("reasoning", e.reasoning);
}
template <class V> void members(V& v, auto& e, const Alternative*) {
  v("value", e.value), v("probability", e.probability);
}
template <class V> void members(V& v, auto& e, const Choice*) {
  v("about", e.about), v("alternatives", e.alternatives), v("chosen", e.chosen), v("origin", e.origin);
}
template <class V> void members(V& v, auto& e, const Reply*) {
  v("text", e.text), v("reasoning", e.reasoning), v("tool_calls", e.tool_calls);
  v("stop", e.stop), v("usage", e.usage), v("cost_usd", e.cost_usd), v("model", e.model);
  v("choices", e.choices), v("plan", e.plan), v("fell_back", e.fell_back);
}
template <class V> void members(V& v, auto& e, const Media*) {
  v("media_type", e.media_type), v("name", e.name), v("data", e.bytes);
}
template <class V> void members(V& v, auto& e, const Replay*) { v("provider", e.provider), v("items", e.items); }
template <class V> void members(V& v, auto& e, const ArgumentOrigin*) {
  v("pointer", e.pointer), v("origin", e.origin), v("trust", e.trust);
}
template <class V> void members(V& v, auto& e, const PreviewRecord*) {
  v("media_type", e.media_type), v("summary", e.summary), v("bytes", e.bytes), v("sha256", e.sha256);
  v("destinations", e.destinations), v("diff", e.diff);
}
template <class V> void members(V& v, auto& e, const TaskText*) { v("path", e.path), v("text", e.text); }
template <class V> void members(V& v, auto& e, const TaskInput*) {
  v("name", e.name), v("value", e.value), v("origin", e.origin), v("trust", e.trust);
}
template <class V> void members(V& v, auto& e, const TaskOfRun*) {
  v("path", e.path), v("files", e.files), v("inputs", e.inputs), v("left_out", e.left_out);
}
template <class V> void members(V& v, auto& e, const RequestPart*) {
  v("text", e.text), v("origin", e.origin), v("trust", e.trust);
}
template <class V> void members(V& v, auto& e, const ItemRef*) { v("step", e.step), v("key", e.key), v("index", e.index); }
template <class V> void members(V& v, auto& e, const RunStarted*) {
  v("request", e.request), v("attachments", e.attachments), v("model", e.model), v("root", e.root);
  v("limits", e.limits), v("chat", e.chat), v("settings", e.settings);
  v("task", e.task), v("parts", e.parts), v("system", e.system), v("schema", e.schema), v("tools", e.tools);
  v("parts_begun", e.parts_begun), v("parts_failed", e.parts_failed);
}
template <class V> void members(V& v, auto& e, const StepStarted*) { v("id", e.id); }
template <class V> void members(V& v, auto& e, const StepFinished*) {
  v("id", e.id), v("status", e.status), v("error", e.error), v("skipped", e.skipped);
}
template <class V> void members(V& v, auto& e, const ItemFailed*) { v("item", e.item), v("error", e.error); }
template <class V> void members(V& v, auto& e, const ChildStarted*) { v("item", e.item), v("run", e.run), v("started", e.started); }
template <class V> void members(V& v, auto& e, const ChildFinished*) {
  v("run", e.run), v("status", e.status), v("text", e.text), v("reason", e.reason), v("out", e.out);
  v("usage", e.usage), v("cost_usd", e.cost_usd), v("parts_begun", e.parts_begun), v("parts_failed", e.parts_failed);
}
template <class V> void members(V& v, auto& e, const TimerSet*) { v("step", e.step), v("until_ms", e.until_ms); }
template <class V> void members(V& v, auto& e, const TimerFired*) { v("step", e.step); }
template <class V> void members(V& v, auto& e, const RunResumed*) {
  v("pid", e.pid), v("limits", e.limits);
}
template <class V> void members(V& v, auto& e, const RunPaused*) {
  v("status", e.status), v("reason", e.reason), v("hint", e.hint);
}
template <class V> void members(V& v, auto& e, const RunFinished*) {
  v("status", e.status), v("text", e.text), v("reason", e.reason), v("outputs", e.outputs);
}
template <class V> void members(V& v, auto& e, const MediaAttached*) { v("media", e.media); }
template <class V> void members(V& v, auto& e, const PlanUpdated*) { v("steps", e.steps); }
template <class V> void members(V& v, auto& e, const ModelRequested*) {
  v("model", e.model), v("messages", e.messages), v("tools", e.tools);
  v("estimated_tokens", e.estimated_tokens), v("cut_results", e.cut_results);
  v("context_sha256", e.context_sha256), v("max_tokens", e.max_tokens), v("reserved_usd", e.reserved_usd);
}
template <class V> void members(V& v, auto& e, const ModelReasoned*) { v("text", e.text), v("replay", e.replay); }
template <class V> void members(V& v, auto& e, const ModelReplied*) {
  v("reply", e.reply), v("milliseconds", e.milliseconds);
}
template <class V> void members(V& v, auto& e, const ModelFailed*) {
  v("kind", e.kind), v("what", e.what), v("where", e.where), v("hint", e.hint);
}
template <class V> void members(V& v, auto& e, const ToolProposed*) {
  v("tool_call", e.tool_call), v("bad_arguments", e.bad_arguments), v("effect_key", e.effect_key);
  v("arguments_hash", e.arguments_hash), v("item", e.item), v("origins", e.origins), v("asks", e.asks);
}
template <class V> void members(V& v, auto& e, const PolicyDecided*) {
  v("verdict", e.verdict), v("why", e.why), v("policy_version", e.policy_version);
  v("origins", e.origins), v("preview", e.preview);
}
template <class V> void members(V& v, auto& e, const ApprovalRequested*) {
  v("effect_key", e.effect_key), v("arguments_hash", e.arguments_hash);
  v("policy_version", e.policy_version), v("preview_sha256", e.preview_sha256);
  v("summary", e.summary);
}
template <class V> void members(V& v, auto& e, const ApprovalDecided*) {
  v("effect_key", e.effect_key), v("arguments_hash", e.arguments_hash);
  v("policy_version", e.policy_version), v("preview_sha256", e.preview_sha256);
  v("approved", e.approved), v("by", e.by), v("note", e.note);
}
template <class V> void members(V& v, auto& e, const EffectIntended*) {
  v("effect_key", e.effect_key), v("arguments_hash", e.arguments_hash), v("attempt", e.attempt);
  v("effect_class", e.effect_class);
}
template <class V> void members(V& v, auto& e, const EffectDispatched*) {
  v("effect_key", e.effect_key), v("attempt", e.attempt), v("part", e.part);
}
template <class V> void members(V& v, auto& e, const EffectSettled*) {
  v("status", e.status), v("result", e.result), v("text", e.text), v("attempt", e.attempt);
  v("milliseconds", e.milliseconds), v("part", e.part);
  v("media", e.media);
}
template <class V> void members(V& v, auto& e, const EffectProbed*) {
  v("verdict", e.verdict), v("evidence", e.evidence), v("part", e.part);
}
template <class V> void members(V& v, auto& e, const EffectReconciled*) {
  v("decision", e.decision), v("by", e.by), v("part", e.part);
}
template <class V> void members(V& v, auto& e, const BudgetExceeded*) {
  v("limit", e.limit), v("what", e.what);
}
template <class V> void members(V& v, auto& e, const SignalReceived*) {
  v("signal", e.signal), v("text", e.text);
}

constexpr ErrorKind error_kinds[] = {ErrorKind::invalid, ErrorKind::not_found,   ErrorKind::conflict,
                                     ErrorKind::denied,  ErrorKind::unavailable, ErrorKind::timeout,
                                     ErrorKind::cancelled, ErrorKind::limit,     ErrorKind::corrupt,
                                     ErrorKind::unsupported, ErrorKind::internal};
constexpr StopReason stop_reasons[] = {StopReason::end, StopReason::tool_calls, StopReason::length,
                                       StopReason::refused};
constexpr StepStatus step_statuses[] = {StepStatus::done, StepStatus::skipped, StepStatus::failed};
constexpr Verdict verdicts[] = {Verdict::allow, Verdict::ask, Verdict::deny, Verdict::invalid, Verdict::repeat};

// A name back to its enumerator; `text` that is none is not changed.
bool named(const std::string& text, const auto& all, auto& out) {
  for (const auto value : all) {
    if (text == to_string(value)) return out = value, true;
  }
  return false;
}

struct Writer {
  JsonWriter out;
  bool is_exact = true;

  void operator()(const char* key, const auto& value) { out.member(key), write(value); }

  void write(const std::string& v) { out.value(v); }
  void write(std::int64_t v) { out.value(v); }
  void write(double v) {
    is_exact = is_exact && std::isfinite(v);
    out.value(v);
  }
  void write(bool v) { out.value(v); }
  void write(const Json& v) { out.value(v); }
  void write(const std::shared_ptr<const std::string>& v) {
    is_exact = is_exact && v;
    out.value(v ? base64(*v) : std::string());
  }
  void write(std::chrono::milliseconds v) { out.value(std::int64_t{v.count()}); }
  template <class T> void write(const std::vector<T>& v) {
    out.begin_array();
    for (const T& item : v) write(item);
    out.end_array();
  }
  template <class T> void write(const std::optional<T>& v) { v ? write(*v) : out.null(); }
  template <class T> requires std::is_enum_v<T> void write(T v) { out.value(to_string(v)); }
  template <class T> requires std::is_class_v<T> void write(const T& v) {
    out.begin_object();
    members(*this, v, static_cast<const T*>(nullptr));
    out.end_object();
  }
};

struct Reader {
  const Json& in;
  std::string wrong = {};  // the first member that is not of its type

  // An absent member keeps its default: bodies may grow.
  void operator()(const char* key, auto& value) {
    if (!wrong.empty()) return;
    const auto it = in.find(key);
    if (it != in.end() && !read(*it, value)) wrong = key;
  }

  static bool read(const Json& j, std::string& v) {
    if (!j.is_string()) return false;
    v = j.get<std::string>();
    return true;
  }
  static bool read(const Json& j, std::int64_t& v) {
    if (!j.is_number_integer()) return false;
    v = j.get<std::int64_t>();
    return true;
  }
  static bool read(const Json& j, double& v) {
    if (!j.is_number()) return false;
    v = j.get<double>();
    return true;
  }
  static bool read(const Json& j, bool& v) {
    if (!j.is_boolean()) return false;
    v = j.get<bool>();
    return true;
  }
  static bool read(const Json& j, std::shared_ptr<const std::string>& v) {
    if (!j.is_string()) return false;
    auto bytes = parse_base64(j.get_ref<const std::string&>());
    if (bytes) v = std::make_shared<const std::string>(*std::move(bytes));
    return bytes.has_value();
  }
  static bool read(const Json& j, Json& v) {
    v = j;
    return true;
  }
  static bool read(const Json& j, std::chrono::milliseconds& v) {
    std::int64_t count = 0;
    if (!read(j, count)) return false;
    v = std::chrono::milliseconds(count);
    return true;
  }
  template <class T> static bool read(const Json& j, std::vector<T>& v) {
    if (!j.is_array()) return false;
    v.clear();
    for (const Json& item : j) {
      T value{};
      if (!read(item, value)) return false;
      v.push_back(std::move(value));
    }
    return true;
  }
  template <class T> static bool read(const Json& j, std::optional<T>& v) {
    if (j.is_null()) return v.reset(), true;
    T value{};
    if (!read(j, value)) return false;
    v = std::move(value);
    return true;
  }
  static bool read(const Json& j, ErrorKind& v) { return j.is_string() && named(j.get<std::string>(), error_kinds, v); }
  static bool read(const Json& j, StopReason& v) { return j.is_string() && named(j.get<std::string>(), stop_reasons, v); }
  static bool read(const Json& j, Verdict& v) { return j.is_string() && named(j.get<std::string>(), verdicts, v); }
  static bool read(const Json& j, StepStatus& v) { return j.is_string() && named(j.get<std::string>(), step_statuses, v); }
  static bool read(const Json& j, Trust& v) { return parsed(j, v, parse_trust); }
  static bool read(const Json& j, RunStatus& v) { return parsed(j, v, parse_run_status); }
  static bool read(const Json& j, EffectClass& v) { return parsed(j, v, parse_effect_class); }
  static bool read(const Json& j, OutcomeStatus& v) { return parsed(j, v, parse_outcome_status); }
  static bool parsed(const Json& j, auto& v, auto parse) {
    if (!j.is_string()) return false;
    const auto value = parse(j.get<std::string>());
    if (value) v = *value;
    return value.has_value();
  }
  template <class T> requires std::is_class_v<T> static bool read(const Json& j, T& v) {
    if (!j.is_object()) return false;
    Reader reader{j};
    members(reader, v, static_cast<const T*>(nullptr));
    return reader.wrong.empty();
  }
};

template <std::size_t I = 0>
Result<std::optional<EventBody>> decode_as(const Event& event, std::size_t index) {
  if constexpr (I < std::variant_size_v<EventBody>) {
    if (I != index) return decode_as<I + 1>(event, index);
    std::variant_alternative_t<I, EventBody> body;
    if (!Reader::read(event.body.value(), body)) {
      return fail(ErrorKind::corrupt, "an event of kind " + event.kind + " has a body of another shape",
                  "event " + std::to_string(event.number));
    }
    return std::optional<EventBody>(std::move(body));
  } else {
    return std::optional<EventBody>();
  }
}

}  // namespace

const char* to_string(StepStatus status) {
  switch (status) {
    case StepStatus::done: return "done";
    case StepStatus::skipped: return "skipped";
    case StepStatus::failed: return "failed";
  }
  return "failed";
}

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::allow: return "allow";
    case Verdict::ask: return "ask";
    case Verdict::deny: return "deny";
    case Verdict::invalid: return "invalid";
    case Verdict::repeat: return "repeat";
  }
  return "deny";
}

const std::vector<std::string>& event_kinds() {
  static const std::vector<std::string> kinds = {
      "run.started",        "run.resumed",      "run.paused",       "run.finished",     "media.attached",    "plan.updated",
      "model.requested",    "model.reasoned",   "model.replied",      "model.failed",     "tool.proposed",    "policy.decided",    "approval.requested",
      "approval.decided",   "effect.intended",  "effect.dispatched", "effect.settled",   "effect.probed",
      "effect.reconciled",  "budget.exceeded",  "signal.received",  "step.started",     "step.finished",     "item.failed",
      "child.started",      "child.finished",   "timer.set",        "timer.fired"};
  return kinds;
}

const std::string& kind_of(const EventBody& body) { return event_kinds()[body.index()]; }

namespace {
Event encoded(const EventBody& body, bool& is_exact) {
  Event event;
  event.kind = kind_of(body);
  Writer writer;
  std::visit([&](const auto& value) { writer.write(value); }, body);
  event.body = std::move(writer.out).text();
  is_exact = writer.is_exact && event.body.text().find("\uFFFD") == std::string::npos;
  return event;
}
}  // namespace

Event encode(const EventBody& body) {
  bool ignored = false;
  return encoded(body, ignored);
}

NewEvent new_event(EventBody body) {
  bool is_exact = false;
  Event event = encoded(body, is_exact);
  return {std::move(event), std::move(body), is_exact};
}

Result<std::optional<EventBody>> decode(const Event& event) {
  const auto& kinds = event_kinds();
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i] == event.kind) return decode_as(event, i);
  }
  return std::optional<EventBody>();
}

}  // namespace deed
