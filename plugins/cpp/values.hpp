// What goes in and out of a plugin's functions: outcomes, errors, previews, verdicts, and the context of a call. Part of
// deed_plugin.hpp; authors include that.
#pragma once

#include "deed/plugins/deed_plugin.h"

#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
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

}  // namespace deed::plugin
