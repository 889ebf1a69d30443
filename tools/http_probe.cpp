#include "deed/tools/http_probe.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "deed/core/text.hpp"

namespace deed {
namespace {

using Verdict = ProbeResult::Verdict;

// The tool's own timeout is twice that.
constexpr int max_settle_s = 60;
constexpr std::chrono::milliseconds longest_question{20'000};
constexpr std::size_t max_answer_bytes = 8u << 20;

std::string with_key(std::string text, const std::string& key) {
  constexpr std::string_view mark = "{key}";
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + key.size())) {
    text.replace(at, mark.size(), key);
  }
  return text;
}

HttpRequest question(const HttpProbe& probe, const EgressGuard& guard) {
  return {.url = probe.url, .timeout = longest_question, .max_response_bytes = max_answer_bytes, .guard = &guard};
}

}  // namespace

// Without "properties": small models fill in what has a form, and nobody should be led to fill in this.
Json http_doubt_schema() {
  return {{"type", "object"},
          {"maxProperties", 5},
          {"additionalProperties", {{"type", {"boolean", "string", "integer"}}}},
          {"description",
           "Only from the documentation of the API: {\"keyed\": true} where it drops a second Idempotency-Key, or {\"url\", \"contains\", "
           "\"authoritative\", \"settle_s\"} to look it up by. May be left out."}};
}

Result<HttpDoubt> parse_http_doubt(const Json& given, const HttpUrl& request, const std::string& effect_key) {
  HttpDoubt doubt;
  HttpProbe probe{.url = request};
  std::string url;
  for (const auto& [name, value] : given.items()) {
    const std::string where = "/if_in_doubt/" + escaped(name);
    if (name == "keyed" && value.is_boolean()) doubt.is_keyed = value.get<bool>();
    else if (name == "url" && value.is_string()) url = with_key(value.get<std::string>(), effect_key);
    else if (name == "contains" && value.is_string()) probe.contains = with_key(value.get<std::string>(), effect_key);
    else if (name == "authoritative" && value.is_boolean()) probe.is_authoritative = value.get<bool>();
    else if (name == "settle_s" && value.is_number_integer() && value >= 0
        && value <= max_settle_s) probe.settle = std::chrono::seconds(value.get<int>());
    else return fail(ErrorKind::invalid, "not a member that it can have, or not of its type", where,
        "keyed, url, contains, authoritative, settle_s (0 to 60)");
  }
  if (url.empty() && !doubt.is_keyed) return fail(ErrorKind::invalid, "it says neither keyed nor a url to ask", "/if_in_doubt");
  if (url.empty()) return doubt;
  DEED_TRY(probe.url, with_context(HttpUrl::parse(url), "/if_in_doubt/url"));
  if (probe.url.origin() != request.origin()) {
    return fail(ErrorKind::invalid, "not the server that gets the request", "/if_in_doubt/url", "ask " + request.origin());
  }
  doubt.probe = std::move(probe);
  return doubt;
}

ProbeResult verdict_of(const HttpProbe& probe, const HttpExchange& exchange, bool is_settled) {
  const std::string where = probe.url.text();
  if (const auto* failure = std::get_if<HttpFailure>(&exchange)) {
    return {Verdict::undecided, "there is no answer from " + where + ": " + failure->error.what};
  }
  const auto& response = std::get<HttpResponse>(exchange);
  const std::string status = "status " + std::to_string(response.status);
  const bool is_success = response.status >= 200 && response.status <= 299;
  if (is_success && (probe.contains.empty() || response.body.find(probe.contains) != std::string::npos)) {
    return {Verdict::confirmed, where + " answers with " + status + (probe.contains.empty() ? "" : " and has what was expected")};
  }
  const bool is_absent = is_success || response.status == 404 || response.status == 410;
  const std::string evidence = where + " answers with " + status + (is_success ? " without what was expected" : "");
  if (!is_absent) return {Verdict::undecided, evidence};
  if (!probe.is_authoritative) return {Verdict::undecided, evidence + "; that proves nothing, since it is not the authority"};
  if (!is_settled) return {Verdict::undecided, evidence + "; it may not show it yet"};
  return {Verdict::refuted, evidence};
}

asio::awaitable<ProbeResult> probe_by_http(HttpClient& client, const EgressGuard& guard, Json arguments, std::string effect_key) {
  const auto url = HttpUrl::parse(string_at(arguments, "url"));
  const auto given = arguments.find("if_in_doubt");
  if (!url || given == arguments.end()) co_return ProbeResult{Verdict::undecided, "the call does not say how to find out"};
  const auto doubt = parse_http_doubt(*given, *url, effect_key);
  if (!doubt) co_return ProbeResult{Verdict::undecided, to_string(doubt.error())};
  if (!doubt->probe) co_return ProbeResult{Verdict::undecided, "the call does not say how to find out"};
  const HttpProbe probe = *doubt->probe;
  HttpRequest first = question(probe, guard);
  const HttpExchange at_once = co_await client.send(std::move(first));
  ProbeResult found = verdict_of(probe, at_once, probe.settle.count() == 0);
  if (found.verdict != Verdict::undecided || probe.settle.count() == 0) co_return found;
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, probe.settle);
  co_await timer.async_wait(asio::use_awaitable);
  HttpRequest second = question(probe, guard);
  const HttpExchange later = co_await client.send(std::move(second));
  co_return verdict_of(probe, later, true);
}

}  // namespace deed
