// Plugins in C++17: a function becomes a tool, its JSON Schema comes from the types of its parameters. On top of deed_plugin.h,
// and of nlohmann/json; header only, nothing to link.
//
//   #include <deed/plugins/deed_plugin.hpp>
//   #include <algorithm>
//
//   std::int64_t count(const std::string& text, const std::optional<std::string>& word) { … }
//
//   DEED_PLUGIN("text", "1.0.0",
//               tool("count", "Counts characters, or how often a word occurs.", Effect::pure, count,
//                    arg("text").about("What is counted in").role(Role::text), "word"))
//
// Parameters: bool, integers, double, float, std::string, std::string_view, nlohmann::json (anything), enumerations with a list of
// names (`names_of`), and std::optional, std::vector and std::map<std::string, …> of these. An optional parameter may be missing.
// A first parameter `Context&` gives what deed knows of the call and does for it. A first parameter `Completion` makes the tool
// asynchronous: the function returns void, and whoever holds the completion answers, from any thread.
//
// A function returns what nlohmann::json can be made of, or nothing, or an `Outcome` where it wants to say more. What it throws:
//   Rejected, WithoutEffect  mean what they say
//   any other exception      pure, read: failed_without_effect. With dispatches(): failed_without_effect before
//                            context.dispatching() has returned, unknown afterwards. Else unknown
//
// The same source in a program: compile it with -DDEED_PLUGIN_ENTRY=text_plugin, and register text_plugin(host) there.
#pragma once

#include "deed/plugins/cpp/arguments.hpp"
#include "deed/plugins/cpp/completion.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace deed::plugin {

namespace detail {

template <class... Ts>
struct List {
  static constexpr std::size_t size = sizeof...(Ts);
};

template <class R, class... Ps>
struct Signature {
  using Result = R;
  using Parameters = List<Ps...>;
};

template <class F>
struct SignatureOf : SignatureOf<decltype(&F::operator())> {};  // a lambda or an object
template <class R, class... Ps>
struct SignatureOf<R(Ps...)> : Signature<R, Ps...> {};
template <class R, class... Ps>
struct SignatureOf<R(Ps...) noexcept> : Signature<R, Ps...> {};
template <class R, class... Ps>
struct SignatureOf<R (*)(Ps...)> : Signature<R, Ps...> {};
template <class R, class... Ps>
struct SignatureOf<R (*)(Ps...) noexcept> : Signature<R, Ps...> {};
template <class R, class C, class... Ps>
struct SignatureOf<R (C::*)(Ps...)> : Signature<R, Ps...> {};
template <class R, class C, class... Ps>
struct SignatureOf<R (C::*)(Ps...) const> : Signature<R, Ps...> {};
template <class R, class C, class... Ps>
struct SignatureOf<R (C::*)(Ps...) noexcept> : Signature<R, Ps...> {};
template <class R, class C, class... Ps>
struct SignatureOf<R (C::*)(Ps...) const noexcept> : Signature<R, Ps...> {};

/// What a parameter is kept as while the function runs.
template <class T>
struct KeptAs {
  using type = T;
};
template <>
struct KeptAs<std::string_view> {
  using type = std::string;
};
template <class P>
using Kept = typename KeptAs<std::remove_cv_t<std::remove_reference_t<P>>>::type;

/// Splits off what comes before the arguments.
enum class First { argument, context, completion };
template <class Parameters>
struct Split {  // no parameters
  static constexpr First first = First::argument;
  using Arguments = List<>;
};
template <class P, class... Ps>
struct Split<List<P, Ps...>> {
  static constexpr First first = std::is_same_v<P, Context&>                   ? First::context
                                 : std::is_same_v<Kept<P>, Completion> ? First::completion
                                                                               : First::argument;
  using Arguments = std::conditional_t<first == First::argument, List<Kept<P>, Kept<Ps>...>, List<Kept<Ps>...>>;
};

template <class F>
using SplitOf = Split<typename SignatureOf<std::decay_t<F>>::Parameters>;
template <class F>
using ResultOf = typename SignatureOf<std::decay_t<F>>::Result;

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {
  using Inner = T;
};

template <class T>
Json schema_of_parameter() {
  if constexpr (IsOptional<T>::value) return Type<typename IsOptional<T>::Inner>::schema();
  else return Type<T>::schema();
}

template <class... Ts>
Json schema_of(List<Ts...>, const std::vector<Arg>& args) {
  Json properties = Json::object();
  Json required = Json::array();
  std::size_t at = 0;
  [[maybe_unused]] const auto add = [&](Json schema, bool may_be_missing) {
    const Arg& arg = args[at++];
    schema.update(arg.keywords());
    if (properties.contains(arg.name())) throw std::logic_error("two arguments are called '" + arg.name() + "'");
    properties[arg.name()] = std::move(schema);
    if (!may_be_missing && !arg.default_value()) required.push_back(arg.name());
  };
  (add(schema_of_parameter<Ts>(), IsOptional<Ts>::value), ...);
  return {{"type", "object"}, {"properties", properties}, {"required", required}, {"additionalProperties", false}};
}

template <class T>
T read_argument(const Json& arguments, const Arg& arg) {
  const auto found = arguments.find(arg.name());
  if (found != arguments.end()) return Type<T>::read(*found, arg.name());
  if (arg.default_value()) return Type<T>::read(*arg.default_value(), arg.name());
  if constexpr (IsOptional<T>::value) return std::nullopt;
  else throw Error("the argument '" + arg.name() + "' is missing");
}

/// throws  Error: the arguments do not fit. Nothing was done yet
template <class... Ts, std::size_t... Is>
std::tuple<Ts...> read_arguments(List<Ts...>, std::index_sequence<Is...>, deed_text text, const std::vector<Arg>& args) {
  const Json arguments = Json::parse(text.data, text.data + text.size, nullptr, false);
  if (!arguments.is_object()) throw Error("the arguments are no JSON object");
  for (const auto& [name, value] : arguments.items()) {
    bool is_known = false;
    for (const Arg& arg : args) is_known = is_known || arg.name() == name;
    if (!is_known) throw Error("there is no argument '" + name + "'");
  }
  return std::tuple<Ts...>{read_argument<Ts>(arguments, args[Is])...};
}

/// As above; a failure means that nothing happened, whatever the tool is.
template <class... Ts>
std::tuple<Ts...> arguments_of(List<Ts...> types, const deed_call& call, const std::vector<Arg>& args) {
  try {
    return read_arguments(types, std::index_sequence_for<Ts...>(), call.arguments, args);
  } catch (const Error& error) {
    throw WithoutEffect(error.what(), error.hint());
  }
}

template <class F, class Tuple>
decltype(auto) call_with(const F& function, Context& context, Tuple& arguments) {
  return std::apply(
      [&](auto&... values) -> decltype(auto) {
        if constexpr (SplitOf<F>::first == First::context) return function(context, std::move(values)...);
        else return function(std::move(values)...);
      },
      arguments);
}

template <class T>
Outcome outcome_of(T&& value) {
  using Value = std::decay_t<T>;
  if constexpr (std::is_same_v<Value, Outcome>) {
    return std::forward<T>(value);
  } else if constexpr (std::is_same_v<Value, Json>) {
    return Outcome::succeeded(std::forward<T>(value));
  } else if constexpr (std::is_convertible_v<Value, std::string>) {
    std::string text = std::forward<T>(value);
    return Outcome::succeeded(text, text);
  } else if constexpr (IsOptional<Value>::value) {
    return value ? outcome_of(*std::forward<T>(value)) : Outcome::succeeded(nullptr);
  } else if constexpr (std::is_enum_v<Value>) {
    for (const auto& [enumerator, name] : names_of(value))
      if (enumerator == value) return Outcome::succeeded(name, name);
    throw Error("the tool returned an enumerator that has no name");
  } else {
    return Outcome::succeeded(Json(std::forward<T>(value)));
  }
}

using Callback = std::function<void(const deed_host*, deed_call*)>;

/// A tool with all that the C table points into.
struct Record {
  std::string name, description, arguments, roles, examples;
  EffectRule rule;
  std::uint32_t flags = 0;
  std::int64_t timeout_ms = 0, max_output_bytes = 0, key_window_ms = 0;
  std::vector<Arg> args;
  Callback run, preview, probe;
  Threads* threads = nullptr;  ///< of the plugin
};

template <class F>
void run_function(const F& function, const Record& record, const deed_host* host, const deed_call& call) {
  using Arguments = typename SplitOf<F>::Arguments;
  Context context(host, call);
  try {
    auto arguments = arguments_of(Arguments(), call, record.args);
    if constexpr (std::is_void_v<ResultOf<F>>) {
      call_with(function, context, arguments);
      finish(host, call.id, Outcome::succeeded(nullptr, "done"));
    } else {
      finish(host, call.id, outcome_of(call_with(function, context, arguments)));
    }
  } catch (...) {
    finish_with_exception(host, call.id, record.rule.after_failure(context.is_dispatched()));
  }
}

template <class F>
void start_function(const F& function, const Record& record, const deed_host* host, const deed_call& call) {
  using Arguments = typename SplitOf<F>::Arguments;
  static_assert(std::is_void_v<ResultOf<F>>, "a function that is given a Completion returns void");
  std::shared_ptr<PendingCall> pending;
  try {
    auto arguments = arguments_of(Arguments(), call, record.args);
    pending = std::make_shared<PendingCall>(host, call, record.rule, *record.threads);
    std::apply([&](auto&... values) { function(Completion(pending), std::move(values)...); }, arguments);
    pending->leave(false);
  } catch (...) {
    if (pending) pending->leave(true);
    else finish_with_exception(host, call.id, DEED_FAILED_WITHOUT_EFFECT);
  }
}

template <class F>
void preview_function(const F& function, const Record& record, const deed_host* host, const deed_call& call) {
  using Arguments = typename SplitOf<F>::Arguments;
  Context context(host, call);
  try {
    auto arguments = arguments_of(Arguments(), call, record.args);
    Preview shown;
    if constexpr (std::is_same_v<std::decay_t<ResultOf<F>>, Preview>) shown = call_with(function, context, arguments);
    else shown.bytes = call_with(function, context, arguments);
    const std::string summary = as_utf8(shown.summary);
    const std::string destinations = shown.destinations.empty() ? std::string() : dump(shown.destinations);
    const deed_preview wire = {sizeof(deed_preview), text_of(shown.media_type), text_of(shown.bytes), text_of(summary),
                               text_of(destinations)};
    host->show_preview(host, call.id, &wire);
  } catch (...) {
    finish_with_exception(host, call.id, DEED_FAILED_WITHOUT_EFFECT);
  }
}

template <class F>
void probe_function(const F& function, const Record& record, const deed_host* host, const deed_call& call) {
  using Arguments = typename SplitOf<F>::Arguments;
  Context context(host, call);
  try {
    auto arguments = arguments_of(Arguments(), call, record.args);
    const Verdict verdict = call_with(function, context, arguments);
    host->give_verdict(host, call.id, verdict.verdict, text_of(as_utf8(verdict.evidence)));
  } catch (const std::exception& error) {
    host->give_verdict(host, call.id, DEED_UNDECIDED, text_of(error.what()));
  } catch (...) {
    host->give_verdict(host, call.id, DEED_UNDECIDED, text_of("the probe threw something that is no std::exception"));
  }
}

inline const char* to_string(Role role) {
  switch (role) {
    case Role::destination: return "destination";
    case Role::id: return "id";
    case Role::value: return "value";
    case Role::text: return "text";
    case Role::secret: return "secret";
  }
  return "value";
}

inline std::string roles_of(const std::vector<Arg>& args) {
  Json roles = Json::object();
  for (const Arg& arg : args)
    if (arg.role()) roles[arg.name()] = to_string(*arg.role());
  return roles.empty() ? std::string() : roles.dump();
}

}  // namespace detail

/// A tool in the making. `Arguments` are the types of the function's parameters: preview and probe have the same, and may have a
/// `Context&` before them.
template <class Arguments>
class Tool {
 public:
  explicit Tool(detail::Record record) : record_(std::move(record)) {}

  /// The function returns Preview or std::string, and changes nothing.
  template <class F>
  Tool& preview(F function) {
    check_parameters<F>();
    const auto callback = [function](const deed_host* host, deed_call* call) {
      detail::preview_function(function, *static_cast<const detail::Record*>(call->tool_state), host, *call);
    };
    record_.preview = callback;
    return *this;
  }
  /// The function returns Verdict: did the effect of this call happen?
  template <class F>
  Tool& probe(F function) {
    check_parameters<F>();
    const auto callback = [function](const deed_host* host, deed_call* call) {
      detail::probe_function(function, *static_cast<const detail::Record*>(call->tool_state), host, *call);
    };
    record_.probe = callback;
    return *this;
  }

  /// It calls context.dispatching() at its commit point.
  Tool& dispatches() { return record_.rule.dispatches = true, flag(DEED_TOOL_DISPATCHES); }
  Tool& harmless() { return flag(DEED_TOOL_HARMLESS); }
  Tool& concurrent() { return flag(DEED_TOOL_CONCURRENT); }
  Tool& quick() { return flag(DEED_TOOL_QUICK); }
  Tool& trusted() { return flag(DEED_TOOL_TRUSTED); }
  /// Requests that this tool is for, in different words.
  Tool& examples(const std::vector<std::string>& requests) { return record_.examples = Json(requests).dump(), *this; }
  Tool& timeout(std::chrono::milliseconds time) { return record_.timeout_ms = time.count(), *this; }
  Tool& max_output(std::int64_t bytes) { return record_.max_output_bytes = bytes, *this; }
  Tool& key_window(std::chrono::milliseconds time) { return record_.key_window_ms = time.count(), *this; }

  const detail::Record& record() const { return record_; }

 private:
  template <class F>
  static void check_parameters() {
    static_assert(std::is_same_v<typename detail::SplitOf<F>::Arguments, Arguments>,
                  "preview and probe have the parameters of the tool's function");
    static_assert(detail::SplitOf<F>::first != detail::First::completion, "preview and probe answer by returning");
  }
  Tool& flag(std::uint32_t bit) { return record_.flags |= bit, *this; }

  detail::Record record_;
};

/// A function as a tool: one name or `arg(…)` for each of its parameters, `Context&` and `Completion` aside.
template <class F, class... Args>
auto tool(std::string name, std::string description, Effect effect, F function, Args... args) {
  using Split = detail::SplitOf<F>;
  using Arguments = typename Split::Arguments;
  static_assert(sizeof...(Args) == Arguments::size, "a tool needs one name or arg(\"name\") for each parameter of its function");
  detail::Record record;
  record.name = std::move(name);
  record.description = std::move(description);
  record.rule.effect = effect;
  record.args = std::vector<Arg>{Arg(std::move(args))...};
  record.arguments = detail::schema_of(Arguments(), record.args).dump();
  record.roles = detail::roles_of(record.args);
  record.run = [function](const deed_host* host, deed_call* call) {
    const auto& self = *static_cast<const detail::Record*>(call->tool_state);
    if constexpr (Split::first == detail::First::completion) detail::start_function(function, self, host, *call);
    else detail::run_function(function, self, host, *call);
  };
  return Tool<Arguments>(std::move(record));
}

/// The table of a plugin, and all that it points into.
class Plugin {
 public:
  /// throws  std::logic_error: two tools of one name, or a probeable tool without a probe
  template <class... Tools>
  Plugin(std::string name, std::string version, const Tools&... tools) : name_(std::move(name)), version_(std::move(version)) {
    (records_.push_back(std::make_unique<detail::Record>(tools.record())), ...);
    tools_.reserve(records_.size());
    for (const auto& record : records_) add(*record);
    for (const deed_tool& tool : tools_) pointers_.push_back(&tool);
    table_ = {sizeof(deed_plugin), DEED_PLUGIN_ABI_VERSION, static_cast<std::uint32_t>(pointers_.size()),
              name_.c_str(), version_.c_str(), pointers_.data(), nullptr};
  }
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  const deed_plugin* table() const { return &table_; }
  /// Waits for the threads of calls; what `deed_plugin::close` is to do.
  void close() { threads_.join(); }
  void set_close(void (*function)()) { table_.close = function; }

 private:
  void add(detail::Record& record) {
    if (!names_.insert(record.name).second) throw std::logic_error("two tools are called '" + record.name + "'");
    if (record.rule.effect == Effect::probeable && !record.probe)
      throw std::logic_error("the tool '" + record.name + "' is probeable and has no probe");
    const auto optional = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
    deed_tool out = {};
    out.size = sizeof(deed_tool);
    out.name = record.name.c_str();
    out.description = record.description.c_str();
    out.arguments = record.arguments.c_str();
    out.effect = static_cast<deed_effect>(record.rule.effect);
    out.flags = record.flags;
    out.roles = optional(record.roles);
    out.examples = optional(record.examples);
    out.timeout_ms = record.timeout_ms;
    out.max_output_bytes = record.max_output_bytes;
    out.key_window_ms = record.key_window_ms;
    out.state = &record;
    record.threads = &threads_;
    out.run = [](const deed_host* host, deed_call* call) noexcept { record_of(call).run(host, call); };
    if (record.preview)
      out.preview = [](const deed_host* host, deed_call* call) noexcept { record_of(call).preview(host, call); };
    if (record.probe) out.probe = [](const deed_host* host, deed_call* call) noexcept { record_of(call).probe(host, call); };
    tools_.push_back(out);
  }
  static const detail::Record& record_of(const deed_call* call) { return *static_cast<const detail::Record*>(call->tool_state); }

  std::string name_, version_;
  std::vector<std::unique_ptr<detail::Record>> records_;
  std::vector<deed_tool> tools_;
  std::vector<const deed_tool*> pointers_;
  std::set<std::string> names_;
  deed_plugin table_ = {};
  detail::Threads threads_;  ///< the last member: joined before the rest goes away
};

namespace detail {

/// The body of the entry: NULL, and a line in the log, where the plugin cannot be made. `host` may be NULL for a look at the table.
template <class Make>
const deed_plugin* enter(const deed_host* host, const Make& make) noexcept {
  if (host && host->abi_version < DEED_PLUGIN_ABI_VERSION) return nullptr;
  const auto log = [host](std::string_view line) noexcept {
    if (host) host->log(host, text_of(line));
  };
  try {
    return make();
  } catch (const std::exception& error) {
    log(error.what());
  } catch (...) {
    log("the plugin could not be made");
  }
  return nullptr;
}

}  // namespace detail
}  // namespace deed::plugin

/// The name of the exported function. For a program that links several plugins, give each another.
#ifndef DEED_PLUGIN_ENTRY
#define DEED_PLUGIN_ENTRY deed_plugin_entry
#endif

/// `DEED_PLUGIN("text", "1.0.0", tool(…), tool(…))`, once, at the end of a source file.
#define DEED_PLUGIN(...)                                                                    \
  extern "C" DEED_PLUGIN_EXPORT const deed_plugin* DEED_PLUGIN_ENTRY(const deed_host* host); \
  extern "C" DEED_PLUGIN_EXPORT const deed_plugin* DEED_PLUGIN_ENTRY(const deed_host* host) { \
    return ::deed::plugin::detail::enter(host, []() -> const deed_plugin* {                 \
      using namespace ::deed::plugin; /* NOLINT: in this function only */                   \
      static Plugin the_plugin(__VA_ARGS__);                                                \
      the_plugin.set_close([] { the_plugin.close(); });                                     \
      return the_plugin.table();                                                            \
    });                                                                                     \
  }
