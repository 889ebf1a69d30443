#include "deed/agent/task/scope.hpp"

#include <charconv>

#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

Unexpected missing(const Reference& reference, std::size_t part, std::string hint = {}) {
  const Reference head(reference.begin(), reference.begin() + static_cast<std::ptrdiff_t>(part) + 1);
  return fail(ErrorKind::not_found, "there is no " + to_string(head), "", std::move(hint));
}

std::string members_of(const Json& value) {
  constexpr std::size_t most = 12;
  if (value.is_array()) return "it is a list of " + std::to_string(value.size());
  if (!value.is_object()) return "it is " + std::string(value.is_null() ? "null" : "a single value");
  std::string names;
  std::size_t count = 0;
  for (const auto& [name, member] : value.items()) {
    if (++count > most) return "it has " + names + ", …";
    names += (names.empty() ? "" : ", ") + name;
  }
  return names.empty() ? "it is empty" : "it has " + names;
}

// The value below `value` that the reference's parts from `at` on name.
Result<Json> below(const Json& value, const Reference& reference, std::size_t at) {
  const Json* here = &value;
  for (; at < reference.size(); ++at) {
    const std::string& part = reference[at];
    if (here->is_object() && here->contains(part)) {
      here = &here->at(part);
      continue;
    }
    std::size_t index = 0;
    const auto parsed = std::from_chars(part.data(), part.data() + part.size(), index);
    const bool is_index = parsed.ec == std::errc() && parsed.ptr == part.data() + part.size();
    if (!here->is_array() || !is_index || index >= here->size()) return missing(reference, at, members_of(*here));
    here = &here->at(index);
  }
  return *here;
}

}  // namespace

Result<Sourced> TaskScope::find(const Reference& reference) const {
  const std::string& first = reference.front();
  if (first == "inputs") return input(reference);
  if (first == "steps") return step(reference);
  if (first == "run") return run(reference);
  if (first == "secrets" && reference.size() == 2) return Sourced{secret_mark(run_, reference[1]), "secrets." + reference[1], Trust::user};
  if (item_ && (first == "row" || first == "item")) {
    DEED_TRY(Json value, below(item_->value, reference, 1));
    return Sourced{std::move(value), item_->origin, item_->trust};
  }
  if (item_ && first == "index" && reference.size() == 1) return Sourced{item_->index, item_->origin, Trust::user};
  return missing(reference, 0, item_ ? "" : "row, item and index are there in a step with `for`");
}

Result<Sourced> TaskScope::input(const Reference& reference) const {
  if (reference.size() > 1) {
    for (const TaskInput& one : state_.task->inputs) {
      if (one.name != reference[1]) continue;
      DEED_TRY(Json value, below(one.value, reference, 2));
      return Sourced{std::move(value), one.origin, one.trust};
    }
  }
  return missing(reference, std::min<std::size_t>(1, reference.size() - 1));
}

Result<Sourced> TaskScope::run(const Reference& reference) const {
  const std::string what = reference.size() == 2 ? reference[1] : "";
  const std::string started = to_iso8601(state_.started_at);
  if (what == "id") return Sourced{run_, "run.id", Trust::system};
  if (what == "started_at") return Sourced{started, "run.started_at", Trust::system};
  if (what == "date") return Sourced{started.substr(0, 10), "run.date", Trust::system};
  return missing(reference, reference.size() - 1, "run has id, started_at and date");
}

Result<Sourced> TaskScope::step(const Reference& reference) const {
  const Step* step = reference.size() > 1 ? state_.task->task->find(reference[1]) : nullptr;
  if (!step) return missing(reference, std::min<std::size_t>(1, reference.size() - 1));
  const StepProgress& of_step = state_.task->steps[state_.task->task->number_of(*step)];
  const std::string origin = "steps." + step->id;
  const std::string what = reference.size() > 2 ? reference[2] : "";
  if (what == "status") return Sourced{to_string(of_step.phase), origin, Trust::system};
  const bool has_out = of_step.phase == StepProgress::Phase::done || (step->loop && of_step.is_over());
  if (what == "error") return Sourced{of_step.error, origin, Trust::untrusted};
  if (step->loop && what == "count") return Sourced{of_step.succeeded, origin, Trust::system};
  if (step->loop && what == "failed") return Sourced{of_step.failed, origin, Trust::system};
  if (step->loop && what == "skipped") return Sourced{of_step.skipped, origin, Trust::system};
  if (step->loop && what == "failures") {
    Json list = Json::array();
    for (const ItemFailure& failure : of_step.failures) {
      list.push_back({{"index", failure.item.index}, {"key", failure.item.key}, {"error", failure.error}});
    }
    DEED_TRY(Json value, below(list, reference, 3));
    return Sourced{std::move(value), origin, Trust::untrusted};
  }
  const std::string is_it = "the step is " + std::string(to_string(of_step.phase)) +
                            (of_step.error.empty() ? "" : ": " + of_step.error);
  if (!has_out && (what == "out" || what == "text" || what.empty())) return missing(reference, reference.size() > 2 ? 2 : 1, is_it);
  if (what == "text" && !step->loop) return Sourced{of_step.text, origin, of_step.trust};
  if (what == "out") {
    DEED_TRY(Json value, below(of_step.out, reference, 3));
    return Sourced{std::move(value), origin, of_step.trust};
  }
  return missing(reference, reference.size() > 2 ? 2 : 1,
                 step->loop ? "a loop has out, status, error, count, failed, skipped and failures" : "a step has out, text, status and error");
}

std::string secret_mark(const RunId& run, const std::string& name) {
  return "{secret " + name + " " + sha256_hex(to_text(Json::array({run, name, "secret"}))).substr(0, 32) + "}";
}

Result<Json> with_secrets(const Json& value, const RunId& run, const std::vector<std::string>& names,
                          const std::function<Result<Secret>(const std::string& name)>& secret_of) {
  if (value.is_string()) {
    std::string text = value.get<std::string>();
    for (const std::string& name : names) {
      const std::string mark = secret_mark(run, name);
      for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
        DEED_TRY(const Secret secret, secret_of(name));
        text.replace(at, mark.size(), secret.reveal());
        at += secret.reveal().size();
      }
    }
    return Json(std::move(text));
  }
  if (!value.is_structured()) return value;
  Json out = value;
  for (Json& member : out) {
    DEED_TRY(member, with_secrets(member, run, names, secret_of));
  }
  return out;
}

std::string without_secrets(std::string text, const std::vector<std::string>& names,
                            const std::function<Result<Secret>(const std::string& name)>& secret_of) {
  Redactor redactor;
  for (const std::string& name : names) {
    if (const auto secret = secret_of(name)) redactor.add(*secret);
  }
  return redactor.redact(std::move(text));
}

}  // namespace deed
