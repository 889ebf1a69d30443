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

#include "deed/plugins/deed_plugin.h"

#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace deed::plugin {

using Json = nlohmann::json;

/// What happens if a call runs twice: the enumerators of deed_plugin.h.
enum class Effect {
  pure = DEED_EFFECT_PURE,
  read = DEED_EFFECT_READ,
  idempotent = DEED_EFFECT_IDEMPOTENT,
  keyed = DEED_EFFECT_KEYED,
  probeable = DEED_EFFECT_PROBEABLE,
  once = DEED_EFFECT_ONCE,
};

/// What an argument is to policy: where the effect goes, what it is about, or what may not be shown.
enum class Role { destination, id, value, text, secret };

/// A failure, told for people: what happened, and what to do about it. Never holds a secret.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& what, std::string hint = {}) : std::runtime_error(what), hint_(std::move(hint)) {}
  const std::string& hint() const { return hint_; }

 private:
  std::string hint_;
};

/// The receiver said no: nothing happened.
class Rejected : public Error {
 public:
  using Error::Error;
};

/// Provably nothing happened, even where dispatching() was called.
class WithoutEffect : public Error {
 public:
  using Error::Error;
};

/// How a call ended, where a value or an exception does not say enough.
struct Outcome {
  deed_status status = DEED_UNKNOWN;
  Json result = nullptr;  ///< of what succeeded
  std::string text;       ///< succeeded: for the model and people; "": `result` is shown. Otherwise: what happened
  std::string hint;       ///< otherwise: what to do about it

  static Outcome succeeded(Json result, std::string text = {}) {
    return {DEED_SUCCEEDED, std::move(result), std::move(text), {}};
  }
  static Outcome rejected(std::string what, std::string hint = {}) {
    return {DEED_REJECTED, nullptr, std::move(what), std::move(hint)};
  }
  static Outcome failed_without_effect(std::string what, std::string hint = {}) {
    return {DEED_FAILED_WITHOUT_EFFECT, nullptr, std::move(what), std::move(hint)};
  }
  static Outcome unknown(std::string what, std::string hint = {}) {
    return {DEED_UNKNOWN, nullptr, std::move(what), std::move(hint)};
  }
};

/// The byte-exact effect. A preview function may also return a std::string: the bytes of plain text.
struct Preview {
  std::string bytes;
  std::string summary = {};  ///< one line
  std::vector<std::string> destinations = {};
  std::string media_type = "text/plain";
};

/// What a probe found out. `evidence` is one line for people.
struct Verdict {
  deed_verdict verdict = DEED_UNDECIDED;
  std::string evidence;

  static Verdict confirmed(std::string evidence) { return {DEED_CONFIRMED, std::move(evidence)}; }
  static Verdict refuted(std::string evidence) { return {DEED_REFUTED, std::move(evidence)}; }
  static Verdict undecided(std::string evidence) { return {DEED_UNDECIDED, std::move(evidence)}; }
};

struct HttpRequest {
  std::string url;
  std::string method = "GET";
  std::map<std::string, std::string> headers = {};
  std::string body = {};
};

struct HttpResponse {
  std::int64_t status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

namespace detail {

inline deed_text text_of(std::string_view text) { return {text.data(), text.size()}; }
inline std::string string_of(deed_text text) { return text.data ? std::string(text.data, text.size) : std::string(); }

inline const char* reason_of(deed_error error) {
  switch (error) {
    case DEED_ERROR_NONE: return "nothing is wrong";
    case DEED_ERROR_INVALID: return "an argument is wrong";
    case DEED_ERROR_NO_CALL: return "the call was given up";
    case DEED_ERROR_CANCELLED: return "the call is to end";
    case DEED_ERROR_DENIED: return "the manifest or the user does not allow it";
    case DEED_ERROR_UNAVAILABLE: return "it failed; it may work later";
    case DEED_ERROR_LIMIT: return "it is too large";
  }
  return "unknown reason";
}

inline void check(deed_error error, const char* what, std::string_view about) {
  if (error == DEED_ERROR_NONE) return;
  throw Error(std::string(what) + std::string(about) + ": " + reason_of(error));
}

}  // namespace detail

/// What deed knows of a call and does for it. Any thread, until the call has its outcome; afterwards its functions fail.
class Context {
 public:
  Context(const deed_host* host, const deed_call& call)
      : host_(host), id_(call.id), effect_key_(detail::string_of(call.effect_key)), attempt_(call.attempt),
        proposed_at_(call.proposed_at_ms), dispatched_at_(call.dispatched_at_ms) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// 64 hexadecimal digits: the same for every attempt at this call and for no other. Forward it to the receiver.
  const std::string& effect_key() const { return effect_key_; }
  /// 1 for the first.
  std::int64_t attempt() const { return attempt_; }
  /// Since 1970; the same for every attempt.
  std::chrono::milliseconds proposed_at() const { return proposed_at_; }
  /// In a probe: when dispatching() was called.
  std::chrono::milliseconds dispatched_at() const { return dispatched_at_; }

  /// To be called at the commit point, the last instant at which the effect is provably not yet done. Returns when that is on
  /// the disk.
  /// throws  Error: the effect must not be done
  void dispatching() {
    detail::check(host_->dispatching(host_, id_), "the effect must not be done", "");
    dispatched_ = true;
  }
  bool is_dispatched() const { return dispatched_; }

  /// Begin nothing new, and finish soon.
  bool is_cancelled() const { return host_->is_cancelled(host_, id_) != 0; }
  std::chrono::milliseconds time_left() const { return std::chrono::milliseconds(host_->time_left_ms(host_, id_)); }
  /// A line for whoever watches.
  void progress(std::string_view line) { host_->progress(host_, id_, detail::text_of(line)); }
  void log(std::string_view line) { host_->log(host_, detail::text_of(line)); }

  /// throws  Error: the manifest does not declare the name, or the user has no secret of it
  std::string secret(std::string_view name) {
    std::optional<std::string> value;
    const auto receive = [](void* user, deed_text text) noexcept {
      *static_cast<std::optional<std::string>*>(user) = detail::string_of(text);
    };
    detail::check(host_->secret(host_, id_, detail::text_of(name), receive, &value), "no secret ", name);
    if (!value) throw Error("no secret " + std::string(name) + ": the host gave none");
    return *std::move(value);
  }

  /// One exchange through deed's guarded client. Any status is a response.
  /// throws  Error: the host is not in the manifest, it is too large, or it failed and may have acted
  HttpResponse http(const HttpRequest& request) {
    const std::string headers = Json(request.headers).dump();
    const deed_http_request wire = {sizeof(deed_http_request), detail::text_of(request.method), detail::text_of(request.url),
                                    detail::text_of(headers), detail::text_of(request.body)};
    std::optional<HttpResponse> response;
    const deed_error error = host_->http(host_, id_, &wire, receive_response, &response);
    detail::check(error, "no response of ", request.url);
    if (!response) throw Error("no response of " + request.url + ": it could not be read");
    return *std::move(response);
  }

 private:
  static void receive_response(void* user, const deed_http_response* response) noexcept {
    try {
      HttpResponse read = {response->status, {}, detail::string_of(response->body)};
      const std::string headers = detail::string_of(response->headers);
      if (!headers.empty()) read.headers = Json::parse(headers).get<std::map<std::string, std::string>>();
      *static_cast<std::optional<HttpResponse>*>(user) = std::move(read);
    } catch (const std::exception&) {  // stays empty
    }
  }

  const deed_host* host_;
  std::uint64_t id_;
  std::string effect_key_;
  std::int64_t attempt_;
  std::chrono::milliseconds proposed_at_, dispatched_at_;
  std::atomic<bool> dispatched_{false};
};

// ---- types of arguments ----

/// How a C++ type is written in JSON. A type of your own: specialise it, with `schema` and `read`.
/// `read` throws Error where `value` does not fit; `where` names the argument.
template <class T, class Enable = void>
struct Type {
  static_assert(!std::is_same_v<T, T>, "deed has no JSON for a parameter of this type: specialise deed::plugin::Type for it");
};

/// The list of names of an enumeration: `EnumNames<Unit> names_of(Unit) { return {{Unit::celsius, "celsius"}, …}; }`, in the
/// namespace of the enumeration.
template <class E>
using EnumNames = std::vector<std::pair<E, std::string>>;

namespace detail {

[[noreturn]] inline void wrong(const std::string& where, const char* expected) {
  throw Error("the argument '" + where + "' is not " + expected);
}

template <class T>
constexpr bool is_number = std::is_integral_v<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, char> &&
                           !std::is_same_v<T, wchar_t> && !std::is_same_v<T, char16_t> && !std::is_same_v<T, char32_t>;

}  // namespace detail

template <>
struct Type<bool> {
  static Json schema() { return {{"type", "boolean"}}; }
  static bool read(const Json& value, const std::string& where) {
    if (!value.is_boolean()) detail::wrong(where, "true or false");
    return value.get<bool>();
  }
};

/// With the range of the type, where that is narrower than the integers of JSON. 3.0 is an integer, as JSON Schema has it.
template <class T>
struct Type<T, std::enable_if_t<detail::is_number<T>>> {
  using Limits = std::numeric_limits<T>;
  static Json schema() {
    Json out = {{"type", "integer"}};
    if (std::is_unsigned_v<T> || sizeof(T) < 8) out["minimum"] = Limits::min();
    if (sizeof(T) < 8) out["maximum"] = Limits::max();
    return out;
  }
  static T read(const Json& value, const std::string& where) {
    if (value.is_number_unsigned()) {
      const auto number = value.get<std::uint64_t>();
      if (number > static_cast<std::uint64_t>(Limits::max())) detail::wrong(where, "in the range of its type");
      return static_cast<T>(number);
    }
    if (value.is_number_integer()) return from_signed(value.get<std::int64_t>(), where);
    if (!value.is_number_float()) detail::wrong(where, "an integer");
    const auto number = value.get<double>();
    if (!(number >= -9007199254740992.0 && number <= 9007199254740992.0)) detail::wrong(where, "an integer");
    const auto whole = static_cast<std::int64_t>(number);
    if (static_cast<double>(whole) < number || static_cast<double>(whole) > number) detail::wrong(where, "an integer");
    return from_signed(whole, where);
  }

 private:
  static T from_signed(std::int64_t number, const std::string& where) {
    const bool is_too_small =
        std::is_unsigned_v<T> ? number < 0 : number < static_cast<std::int64_t>(Limits::min());
    const bool is_too_large = number > 0 && static_cast<std::uint64_t>(number) > static_cast<std::uint64_t>(Limits::max());
    if (is_too_small || is_too_large) detail::wrong(where, "in the range of its type");
    return static_cast<T>(number);
  }
};

template <class T>
struct Type<T, std::enable_if_t<std::is_floating_point_v<T>>> {
  static Json schema() { return {{"type", "number"}}; }
  static T read(const Json& value, const std::string& where) {
    if (!value.is_number()) detail::wrong(where, "a number");
    return value.get<T>();
  }
};

template <>
struct Type<std::string> {
  static Json schema() { return {{"type", "string"}}; }
  static std::string read(const Json& value, const std::string& where) {
    if (!value.is_string()) detail::wrong(where, "a text");
    return value.get<std::string>();
  }
};

template <>
struct Type<Json> {
  static Json schema() { return Json::object(); }
  static Json read(const Json& value, const std::string&) { return value; }
};

template <class E>
struct Type<E, std::enable_if_t<std::is_enum_v<E>>> {
  static Json schema() {
    Json names = Json::array();
    for (const auto& [value, name] : names_of(E{})) names.push_back(name);
    return {{"type", "string"}, {"enum", std::move(names)}};
  }
  static E read(const Json& value, const std::string& where) {
    for (const auto& [enumerator, name] : names_of(E{}))
      if (value == name) return enumerator;
    detail::wrong(where, "one of the names that its schema lists");
  }
};

/// Inside a list: null or a value. As a parameter: not required.
template <class T>
struct Type<std::optional<T>> {
  static Json schema() { return {{"anyOf", {Type<T>::schema(), {{"type", "null"}}}}}; }
  static std::optional<T> read(const Json& value, const std::string& where) {
    if (value.is_null()) return std::nullopt;
    return Type<T>::read(value, where);
  }
};

template <class T>
struct Type<std::vector<T>> {
  static Json schema() { return {{"type", "array"}, {"items", Type<T>::schema()}}; }
  static std::vector<T> read(const Json& value, const std::string& where) {
    if (!value.is_array()) detail::wrong(where, "a list");
    std::vector<T> out;
    out.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) out.push_back(Type<T>::read(value[i], where + "/" + std::to_string(i)));
    return out;
  }
};

template <class T>
struct Type<std::map<std::string, T>> {
  static Json schema() { return {{"type", "object"}, {"additionalProperties", Type<T>::schema()}}; }
  static std::map<std::string, T> read(const Json& value, const std::string& where) {
    if (!value.is_object()) detail::wrong(where, "an object");
    std::map<std::string, T> out;
    for (const auto& [key, member] : value.items()) out.emplace(key, Type<T>::read(member, where + "/" + key));
    return out;
  }
};

/// A parameter of a function, as the model sees it. A plain text is a name without more.
class Arg {
 public:
  Arg(const char* name) : name_(name) {}            // NOLINT: `tool(…, count, "text")`
  Arg(std::string name) : name_(std::move(name)) {}  // NOLINT

  /// For the model: one sentence.
  Arg& about(std::string text) { return with("description", std::move(text)); }
  Arg& role(Role role) { return role_ = role, *this; }
  /// "email", "uri", "path": such a value may only be copied, never made up. "date", "date-time".
  Arg& format(std::string name) { return with("format", std::move(name)); }
  Arg& one_of(std::vector<Json> values) { return with("enum", Json(std::move(values))); }
  Arg& between(Json smallest, Json largest) { return with("minimum", std::move(smallest)).with("maximum", std::move(largest)); }
  Arg& at_least(Json smallest) { return with("minimum", std::move(smallest)); }
  /// Makes the argument optional; the function gets this value where it is missing.
  Arg& otherwise(Json value) { return default_ = value, with("default", std::move(value)); }
  /// Any keyword of JSON Schema 2020-12.
  Arg& with(const char* keyword, Json value) { return keywords_[keyword] = std::move(value), *this; }

  const std::string& name() const { return name_; }
  const std::optional<Role>& role() const { return role_; }
  const Json& keywords() const { return keywords_; }
  const std::optional<Json>& default_value() const { return default_; }

 private:
  std::string name_;
  std::optional<Role> role_;
  Json keywords_ = Json::object();
  std::optional<Json> default_;
};

inline Arg arg(std::string name) { return Arg(std::move(name)); }

// ---- answers ----

namespace detail {

/// What makes an exception, or no answer at all, mean one outcome or the other.
struct EffectRule {
  Effect effect = Effect::once;
  bool dispatches = false;

  deed_status after_failure(bool is_dispatched) const {
    if (effect == Effect::pure || effect == Effect::read) return DEED_FAILED_WITHOUT_EFFECT;
    return dispatches && !is_dispatched ? DEED_FAILED_WITHOUT_EFFECT : DEED_UNKNOWN;
  }
};

/// Gives an outcome without allocating: the last resort.
inline void finish_plainly(const deed_host* host, std::uint64_t call, deed_status status, std::string_view what) noexcept {
  const deed_outcome wire = {sizeof(deed_outcome), status, {}, text_of(what), {}};
  host->finish(host, call, &wire);
}

/// JSON in UTF-8; bytes that are none become U+FFFD.
inline std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }
inline std::string as_utf8(const std::string& text) { return Json::parse(dump(text)).get<std::string>(); }

inline void finish(const deed_host* host, std::uint64_t call, const Outcome& outcome) {
  const bool has_result = outcome.status == DEED_SUCCEEDED;
  const std::string result = has_result ? dump(outcome.result) : std::string();
  const std::string text = as_utf8(outcome.text);
  const std::string hint = as_utf8(outcome.hint);
  const deed_outcome wire = {sizeof(deed_outcome), outcome.status, text_of(result), text_of(text), text_of(hint)};
  host->finish(host, call, &wire);
}

/// The outcome of what is being thrown: to be called in a handler.
inline Outcome outcome_of_exception(deed_status otherwise) {
  try {
    throw;
  } catch (const Rejected& error) {
    return Outcome::rejected(error.what(), error.hint());
  } catch (const WithoutEffect& error) {
    return Outcome::failed_without_effect(error.what(), error.hint());
  } catch (const Error& error) {
    return {otherwise, nullptr, error.what(), error.hint()};
  } catch (const std::exception& error) {
    return {otherwise, nullptr, error.what(), {}};
  } catch (...) {
    return {otherwise, nullptr, "the tool threw something that is no std::exception", {}};
  }
}

/// In a handler: nothing is thrown from here, whatever was thrown before.
inline void finish_with_exception(const deed_host* host, std::uint64_t call, deed_status otherwise) noexcept {
  try {
    finish(host, call, outcome_of_exception(otherwise));
  } catch (...) {
    finish_plainly(host, call, otherwise, "out of memory");
  }
}

/// The threads of a plugin's calls. None of them runs its code any more when `join` has returned.
class Threads {
 public:
  ~Threads() { join(); }

  template <class F>
  void start(F work) {
    const std::lock_guard lock(mutex_);
    running_.remove_if([](Entry& entry) {
      if (!entry.is_over) return false;
      entry.thread.join();
      return true;
    });
    Entry& entry = running_.emplace_back();
    try {
      entry.thread = std::thread([work = std::move(work), &entry]() mutable {
        {
          F once = std::move(work);  // gone, with the completion in it, before the thread counts as over
          once();
        }
        entry.is_over = true;
      });
    } catch (...) {
      running_.pop_back();
      throw;
    }
  }
  void join() {
    const std::lock_guard lock(mutex_);
    for (Entry& entry : running_) entry.thread.join();
    running_.clear();
  }

 private:
  struct Entry {
    std::thread thread;
    std::atomic<bool> is_over{false};
  };
  std::mutex mutex_;  ///< guards the list
  std::list<Entry> running_;
};

/// An asynchronous call. Shared by its completion, wherever that goes, and by the thread that is still in the function.
class PendingCall {
 public:
  PendingCall(const deed_host* host, const deed_call& call, EffectRule rule, Threads& plugin_threads)
      : context(host, call), threads(plugin_threads), host_(host), id_(call.id), rule_(rule) {}

  void give(const Outcome& outcome) {
    if (take()) finish(host_, id_, outcome);
  }
  void give_exception() noexcept {
    if (take()) finish_with_exception(host_, id_, status_of_failure());
  }
  /// The completion is gone. While the function has not returned, what it throws says more.
  void abandon() noexcept {
    {
      const std::lock_guard lock(mutex_);
      if (is_in_function_) {
        is_abandoned_ = true;
        return;
      }
    }
    give_nothing();
  }
  /// The function returned, or threw (then in the handler).
  void leave(bool has_thrown) noexcept {
    {
      const std::lock_guard lock(mutex_);
      is_in_function_ = false;
      if (!is_abandoned_) return;
    }
    has_thrown ? give_exception() : give_nothing();
  }

  Context context;
  Threads& threads;  ///< of the plugin

 private:
  bool take() { return !has_outcome_.exchange(true); }
  deed_status status_of_failure() const { return rule_.after_failure(context.is_dispatched()); }
  void give_nothing() noexcept {
    if (take()) finish_plainly(host_, id_, status_of_failure(), "the tool ended without an answer");
  }

  const deed_host* host_;
  std::uint64_t id_;
  EffectRule rule_;
  std::atomic<bool> has_outcome_{false};
  std::mutex mutex_;  ///< guards the two below
  bool is_in_function_ = true, is_abandoned_ = false;
};

}  // namespace detail

/// Whoever holds it answers the call, once: further answers are ignored. Destroyed without an answer, the call ends as if an
/// exception had been thrown: unknown where an effect may have happened.
class Completion {
 public:
  explicit Completion(std::shared_ptr<detail::PendingCall> call) : call_(std::move(call)) {}
  Completion(Completion&&) = default;
  Completion& operator=(Completion&& other) noexcept {
    if (this != &other) {
      if (call_) call_->abandon();
      call_ = std::move(other.call_);
    }
    return *this;
  }
  ~Completion() {
    if (call_) call_->abandon();
  }

  Context& context() const { return call_->context; }
  void finish(const Outcome& outcome) { call_->give(outcome); }
  void succeed(Json result, std::string text = {}) { finish(Outcome::succeeded(std::move(result), std::move(text))); }
  /// In a handler: the outcome that what was thrown would have had in the function.
  void fail_with_current_exception() noexcept { call_->give_exception(); }

  /// `std::move(call).in_thread([…](Completion& answer) { … })`: on a thread of its own, which ends before the plugin is unloaded.
  /// What `work` throws means what it would mean in the function.
  template <class F>
  void in_thread(F work) && {
    detail::Threads& threads = call_->threads;
    threads.start([call = std::move(*this), work = std::move(work)]() mutable {
      try {
        work(call);
      } catch (...) {
        call.fail_with_current_exception();
      }
    });
  }

 private:
  std::shared_ptr<detail::PendingCall> call_;
};

// ---- from a function to a tool ----

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
