// http.get: reading the web. Redirects are followed here, one exchange each, so that the egress
// guard judges every hop.
#include "deed/core/text.hpp"
#include "deed/tools/builtin.hpp"
#include "deed/tools/http_text.hpp"

namespace deed {
namespace {

constexpr int max_redirects = 5;
// The tool's whole time; a hop that takes longer is ended with the tool.
constexpr std::chrono::milliseconds longest_hop{100'000};

HttpRequest request_for(const HttpUrl& url, const EgressGuard& guard) {
  HttpHeaders headers = {
      {"Accept", "text/html, text/plain, application/json, application/xml;q=0.9, */*;q=0.5"}};
  return {.url = url,
          .headers = std::move(headers),
          .timeout = longest_hop,
          .max_response_bytes = max_http_body_bytes,
          .guard = &guard};
}

Outcome outcome_of_response(const HttpUrl& url, const HttpResponse& response) {
  if (response.status >= 400) return refused_by_server(url, response);
  return Outcome::succeeded(response_fields(url, response), response_text(response));
}

Outcome failed(const HttpUrl& url, const HttpFailure& failure) {
  Error error = failure.error;
  if (error.where.empty()) error.where = url.text();
  return Outcome::failed_without_effect(error);  // it only read
}

asio::awaitable<Outcome> get(HttpClient& client, const EgressGuard& guard, Json arguments) {
  auto parsed = HttpUrl::parse(string_at(arguments, "url"));
  if (!parsed) co_return Outcome::failed_without_effect(parsed.error());
  HttpUrl url = *std::move(parsed);
  for (int hop = 0; hop <= max_redirects; ++hop) {
    HttpRequest request = request_for(url, guard);
    const HttpExchange exchange = co_await client.send(std::move(request));
    if (const auto* failure = std::get_if<HttpFailure>(&exchange)) co_return failed(url, *failure);
    const HttpResponse& response = std::get<HttpResponse>(exchange);
    if (!is_redirect(response.status)) co_return outcome_of_response(url, response);
    auto next = resolve_location(url, response.header("location"));
    if (!next)
      co_return Outcome::rejected("the redirect leads nowhere: " + to_string(next.error()),
                                  "try another URL");
    url = *std::move(next);
  }
  co_return Outcome::rejected("more than 5 redirects, the last to " + url.text(),
                              "try another URL");
}

}  // namespace

Tool http_get(HttpClient& client, const EgressGuard& guard) {
  Json url = {{"type", "string"},
              {"format", "uri"},
              {"maxLength", 8192},
              {"description", "URL of the page to fetch."}};
  Json properties = {{"url", std::move(url)}};
  return {.spec = {.name = "http.get",
                   .description = "Fetch a web page or URL over HTTP and return the response.",
                   .examples = {"Fetch https://example.org/page",
                                "What does the page https://example.com/news say?",
                                "Get me the website https://example.net",
                                "Check what http://127.0.0.1:9000/health returns",
                                "Open, load, visit, hit, try, pull, grab, retrieve, obtain or download a document, an answer or JSON from a link, a site or an API.",
                                "Look up, see, read, consult, find out or check what is published, announced, posted or going up online, on the web, the site or at an address.",
                             "Scrape, curl, wget, poll or query an endpoint, feed, URL or webpage; what does it return, respond or serve, what is new, on, up or listed there today?",
                             "Go to, head over, surf, browse, check out or take a look at a homepage; is the site up, alive, down or reachable?"},
                   .arguments = {{"type", "object"},
                                 {"properties", std::move(properties)},
                                 {"required", {"url"}},
                                 {"additionalProperties", false}},
                   .effect = EffectClass::read,
                   .roles = {{"url", ArgumentRole::destination}},
                   .approval = ApprovalNeed::never,
                   .result_trust = Trust::untrusted},
          .run = [&client, &guard](Json arguments, ToolContext&) {
            return get(client, guard, std::move(arguments));
          }};
}

}  // namespace deed
