#include "deed/llm/remote/provider_errors.hpp"

#include "deed/core/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <initializer_list>

namespace deed {
namespace {

std::string text_or_number(const Json& object, std::string_view key) {
  if (!object.is_object()) return {};
  const auto it = object.find(key);
  if (it == object.end() || it->is_null()) return {};
  return it->is_string() ? it->get<std::string>() : to_text(*it);
}

int number_of(std::string_view text) {
  int value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc() && end == text.data() + text.size() ? value : 0;
}

// What the details of an error of Google's say, by the last word of their type: "ErrorInfo", "RetryInfo". Empty: there is none.
// https://cloud.google.com/apis/design/errors#error_details
std::string google_detail(const Json& error, std::string_view kind, std::string_view key) {
  if (!error.is_object()) return {};
  const auto details = error.find("details");
  if (details == error.end() || !details->is_array()) return {};
  for (const Json& detail : *details) {
    if (string_at(detail, "@type").ends_with("google.rpc." + std::string(kind))) return string_at(detail, key);
  }
  return {};
}

ProviderComplaint complaint_of(const Json& error) {
  ProviderComplaint complaint;
  if (error.is_string()) {
    complaint.message = error.get<std::string>();
    return complaint;
  }
  complaint.message = text_or_number(error, "message");
  if (complaint.message.empty()) complaint.message = to_text(error);
  const std::string code = text_or_number(error, "code");
  std::string type = text_or_number(error, "type");
  if (type.empty()) type = text_or_number(error, "status");
  complaint.status = number_of(code);
  complaint.code = code.empty() || complaint.status != 0 ? type : code;
  // Gemini calls a wrong key an INVALID_ARGUMENT (400); only its reason tells.
  const std::string reason = google_detail(error, "ErrorInfo", "reason");
  if (reason.starts_with("API_KEY_")) complaint.code = reason;
  return complaint;
}

bool has_any(std::string_view text, std::initializer_list<std::string_view> needles) {
  return std::any_of(needles.begin(), needles.end(), [&](std::string_view needle) {
    return text.find(needle) != std::string_view::npos;
  });
}

// Providers say this with 400, 413, 422 and 500, and with or without a code.
bool is_about_context(std::string_view code, std::string_view message) {
  return has_any(code, {"context_length", "exceed_context", "context_window"}) ||
         has_any(message, {"context length", "context window", "context size", "maximum context",
                           "context limit", "prompt is too long", "too many tokens", "input is too long",
                           "exceeds the maximum number of tokens"});
}
bool is_about_the_key(std::string_view code) { return has_any(code, {"invalid_api_key", "api_key_invalid", "api_key_expired"}); }
bool is_about_money(std::string_view code) {
  return has_any(code, {"insufficient_quota", "billing", "insufficient_balance"});
}

ErrorKind kind_of_status(int status) {
  if (status == 401 || status == 402 || status == 403) return ErrorKind::denied;
  if (status == 404 || status == 410) return ErrorKind::not_found;
  if (status == 413) return ErrorKind::limit;
  if (status == 408 || status == 409 || status == 425 || status == 429 || status >= 500) {
    return ErrorKind::unavailable;
  }
  return ErrorKind::invalid;
}

// An error object without a number, in the middle of a stream: only a fault of the request is
// final.
ErrorKind kind_of_code(std::string_view code) {
  if (has_any(code, {"authentication", "permission"})) return ErrorKind::denied;
  // "invalid_prompt", "image_file_not_found", "cyber_policy", …: the Responses API's word for what is wrong with the prompt.
  if (has_any(code, {"invalid_", "badrequest", "bad_request", "unsupported_", "empty_", "image", "policy"})) return ErrorKind::invalid;
  if (has_any(code, {"not_found"})) return ErrorKind::not_found;
  return ErrorKind::unavailable;
}

ErrorKind kind_of(const ProviderComplaint& complaint) {
  const std::string code = lower_ascii(complaint.code);
  const bool may_be_context = complaint.status != 401 && complaint.status != 403 &&
                              complaint.status != 404 && complaint.status != 429;
  if (may_be_context && is_about_context(code, lower_ascii(complaint.message))) {
    return ErrorKind::limit;
  }
  // Not a limit: a smaller prompt would not help.
  if (is_about_money(code) || is_about_the_key(code)) return ErrorKind::denied;
  return complaint.status != 0 ? kind_of_status(complaint.status) : kind_of_code(code);
}

std::string hint_for(ErrorKind kind, int status, std::string_view code) {
  if (status >= 300 && status < 400) return "redirects are not followed: give the final address";
  switch (kind) {
    case ErrorKind::denied:
      if (is_about_money(code) || status == 402) return "the account's quota is used up";
      return "check the API key and what it may do; a key is sent over https or to this machine only";
    case ErrorKind::not_found:
      return "check the model's name behind '#' or the provider, and the address, which usually ends with /v1";
    case ErrorKind::limit:
      return "the prompt does not fit the model: use one with a larger context window";
    case ErrorKind::unavailable:
      return "try again later";
    case ErrorKind::invalid:
      return status == 405 ? "check the address, which usually ends with /v1" : "";
    default:
      return {};
  }
}

// Whole seconds or milliseconds, at most a day: more is no wait but a refusal, and the sum cannot
// overflow.
std::optional<std::int64_t> parse_count(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || failure != std::errc() || value < 0) return std::nullopt;
  // "1.5": several servers send fractions; rounding up keeps the promise to wait.
  const bool is_fraction = end != text.data() + text.size() && *end == '.';
  if (end != text.data() + text.size() && !is_fraction) return std::nullopt;
  return std::min<std::int64_t>(value + (is_fraction ? 1 : 0), 86'400'000);
}

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7); the two obsolete forms are not read.
std::optional<TimePoint> parse_http_date(const std::string& text) {
  static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  char month[4] = {};
  int day = 0, year = 0, hour = 0, minute = 0, second = 0, end = 0;
  const int fields = std::sscanf(text.c_str(), "%*3c, %2d %3c %4d %2d:%2d:%2d GMT%n", &day, month,
                                 &year, &hour, &minute, &second, &end);
  const std::size_t at = months.find(month);
  if (fields != 6 || end == 0 || at == std::string_view::npos || at % 3 != 0) return std::nullopt;
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(year),
                            std::chrono::month(static_cast<unsigned>(at / 3 + 1)),
                            std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return TimePoint(sys_days(date)) + hours(hour) + minutes(minute) + seconds(second);
}

// {"error": {"details": [{"@type": "…google.rpc.RetryInfo", "retryDelay": "12.5s"}]}}, also as the first of an array.
std::optional<std::chrono::milliseconds> retry_delay_of_google(const std::string& body) {
  const auto json = parse_json(body);
  if (!json) return std::nullopt;
  const Json& first = json->is_array() && !json->empty() ? json->front() : *json;
  if (!first.is_object() || !first.contains("error")) return std::nullopt;
  std::string delay = google_detail(first["error"], "RetryInfo", "retryDelay");
  if (!delay.ends_with('s')) return std::nullopt;
  delay.pop_back();
  const auto seconds = parse_count(delay);
  return seconds ? std::optional(std::chrono::milliseconds(*seconds * 1000)) : std::nullopt;
}

}  // namespace

std::optional<ProviderComplaint> find_complaint(const Json& body) {
  // Gemini, where it does not stream events: an array of what it has to say.
  if (body.is_array() && !body.empty() && body.front().is_object()) return find_complaint(body.front());
  if (!body.is_object()) return std::nullopt;
  const auto error = body.find("error");
  if (error != body.end() && !error->is_null()) return complaint_of(*error);
  if (string_at(body, "object") == "error") return complaint_of(body);
  const auto detail = body.find("detail");
  if (detail != body.end() && !body.contains("choices")) {
    return ProviderComplaint{.message = detail->is_string() ? detail->get<std::string>()
                                                            : to_text(*detail)};
  }
  // A text: Anthropic's streams begin with an event whose "message" is the reply itself.
  if (!string_at(body, "message").empty() && !body.contains("choices")) return complaint_of(body);
  return std::nullopt;
}

Error to_error(const ProviderComplaint& complaint, const Endpoint& endpoint) {
  const ErrorKind kind = kind_of(complaint);
  std::string what = "the model's server refused the request";
  if (kind == ErrorKind::unavailable) what = "the model's server failed";
  if (complaint.status != 0) what += " (" + std::to_string(complaint.status) + ")";
  if (!complaint.message.empty()) {
    // Redacted before it is cut, lest the head of a key stay.
    what += ": " + escaped(endpoint.redactor.redact(complaint.message));
  }
  return {kind, std::move(what), endpoint.where, hint_for(kind, complaint.status, lower_ascii(complaint.code))};
}

Error to_error(const HttpResponse& response, const Endpoint& endpoint) {
  ProviderComplaint complaint;
  if (const auto body = parse_json(response.body)) {
    complaint = find_complaint(*body).value_or(ProviderComplaint{});
  } else {
    complaint.message = std::string(trim(response.body));
  }
  if (response.status >= 300 && response.status < 400) {
    complaint.message = "redirect to " + std::string(response.header("location"));
  }
  complaint.status = response.status;
  return to_error(complaint, endpoint);
}

std::optional<bool> should_retry(const HttpResponse& response) {
  const std::string word = lower_ascii(trim(response.header("x-should-retry")));
  if (word == "true") return true;
  if (word == "false") return false;
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> retry_after(const HttpResponse& response, TimePoint now) {
  using std::chrono::milliseconds;
  if (const auto value = parse_count(trim(response.header("retry-after-ms")))) {
    return milliseconds(*value);
  }
  const std::string_view text = trim(response.header("retry-after"));
  if (const auto value = parse_count(text)) return milliseconds(*value * 1000);
  if (const auto date = parse_http_date(std::string(text))) {
    return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(*date - now));
  }
  return retry_delay_of_google(response.body);
}

}  // namespace deed
