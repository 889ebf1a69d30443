// What an answer that is not a reply means: an HTTP status or an error object of a provider becomes
// an Error that says what may be done now, whether asking again can help, and when. Nothing was
// executed by a model request, so asking again is always safe; the question is only whether it is
// of use. Source: RFC 9110, sections 10.2.3 and 15;
// https://platform.openai.com/docs/guides/error-codes; https://cloud.google.com/apis/design/errors
#pragma once

#include "deed/core/clock.hpp"
#include "deed/core/json.hpp"
#include "deed/core/secrets.hpp"
#include "deed/net/http.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace deed {

/// Whom the errors are about, and what must not stand in them.
struct Endpoint {
  std::string where;       ///< the URL
  Redactor redactor = {};  ///< knows the key: some servers repeat it in their complaint
};

/// A provider's own words about a failure, as far as they could be found.
struct ProviderComplaint {
  int status = 0;         ///< HTTP status, or the number that an error object has; 0: none
  std::string code = {};  ///< "context_length_exceeded", "rate_limit_exceeded", …
  std::string message = {};
};

/// Reads an error object in the shapes that are about: {"error": {"message", "type", "code"}},
/// {"error": "text"},
/// {"error": {"code": number, "message", "status", "details"}} (Gemini, also as the first of an array), {"object": "error", "message"},
/// {"type": "error", "code", "message"} (Responses), {"detail": …}. nullopt if `body` is none of them.
std::optional<ProviderComplaint> find_complaint(const Json& body);

/// What the caller may do now. Texts are redacted, cut, and control characters made visible.
///
/// returns  limit: the prompt does not fit. denied: the key, or the account is exhausted.
/// not_found: model or path.
///          unavailable: overload and the server's own faults, may be asked again. invalid: the
///          request
Error to_error(const ProviderComplaint& complaint, const Endpoint& endpoint);

/// The same for a whole response that is not 2xx.
Error to_error(const HttpResponse& response, const Endpoint& endpoint);

/// What the server itself says about asking again (`x-should-retry`), where it does.
std::optional<bool> should_retry(const HttpResponse& response);

/// How long the server asks to wait: `retry-after-ms`, else `retry-after` in seconds or as an HTTP
/// date, else the `RetryInfo` in the error object of a server of Google's. nullopt: it does not say, or not so that it can be understood. Never negative.
std::optional<std::chrono::milliseconds> retry_after(const HttpResponse& response, TimePoint now);

}  // namespace deed
