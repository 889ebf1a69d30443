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
constexpr std::chrono::milliseconds longest{20'000};
constexpr std::size_t max_answer_bytes = 8u << 20;

std::string with_key(std::string text, const std::string& key) {
  constexpr std::string_view mark = "{key}";
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + key.size())) {
    text.replace(at, mark.size(), key);
  }
  return text;
}

HttpRequest question(const HttpProbe& probe, const EgressGuard& guard) {
  return {.url = probe.url, .timeout = longest, .max_response_bytes = max_answer_bytes, .guard = &guard};
}

}  // namespace

Json http_probe_schema() {
  Json url = {{"type", "string"}, {"format", "uri"}, {"maxLength", 8192}, {"description", "URL on the same server to get; {key} stands for the request's Idempotency-Key."}};
  Json contains = {{"type", "string"}, {"maxLength", 8192}, {"description", "Text that the answer has if the request was carried out."}};
  Json authoritative = {{"type", "boolean"}, {"description", "True if an answer without it, or 404, proves that nothing was done."}};
  Json settle = {{"type", "integer"}, {"minimum", 0}, {"maximum", max_settle_s}, {"description", "Seconds that the server may need until it shows what was done."}};
  Json properties = {{"url", std::move(url)}, {"contains", std::move(contains)}, {"authoritative", std::move(authoritative)}, {"settle_s", std::move(settle)}};
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", {"url"}},
          {"additionalProperties", false},
          {"description", "How to find out afterwards whether the request was carried out. May be left out."}};
}

Result<HttpProbe> parse_http_probe(const Json& given, const HttpUrl& request, const std::string& effect_key) {
  DEED_TRY(HttpUrl url, with_context(HttpUrl::parse(with_key(string_at(given, "url"), effect_key)), "/probe/url"));
  if (url.origin() != request.origin()) {
    return fail(ErrorKind::invalid, "the probe is not of the server that gets the request", "/probe/url", "ask " + request.origin());
  }
  HttpProbe probe{.url = std::move(url)};
  probe.contains = with_key(string_at(given, "contains"), effect_key);
  probe.is_authoritative = given.value("authoritative", false);
  probe.settle = std::chrono::seconds(given.value("settle_s", 0));
  return probe;
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
  const auto given = arguments.find("probe");
  if (!url || given == arguments.end()) co_return ProbeResult{Verdict::undecided, "the call names no probe"};
  const auto probe = parse_http_probe(*given, *url, effect_key);
  if (!probe) co_return ProbeResult{Verdict::undecided, to_string(probe.error())};
  HttpRequest first = question(*probe, guard);
  const HttpExchange at_once = co_await client.send(std::move(first));
  ProbeResult found = verdict_of(*probe, at_once, probe->settle.count() == 0);
  if (found.verdict != Verdict::undecided || probe->settle.count() == 0) co_return found;
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, probe->settle);
  co_await timer.async_wait(asio::use_awaitable);
  HttpRequest second = question(*probe, guard);
  const HttpExchange later = co_await client.send(std::move(second));
  co_return verdict_of(*probe, later, true);
}

}  // namespace deed
