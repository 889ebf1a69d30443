// http.request: a request that may change something at the other end. It is sent once; whether a
// request without a good answer acted is said only where it is certain. A receiver that removes
// duplicates is sent it again, one that can be asked is asked first (`if_in_doubt`).
#include "deed/core/text.hpp"
#include "deed/net/http_wire.hpp"
#include "deed/tools/builtin.hpp"
#include "deed/tools/http_probe.hpp"
#include "deed/tools/http_text.hpp"

namespace deed {
namespace {

// Less than the tool's own timeout: the exchange knows best how far it came.
constexpr std::chrono::milliseconds longest_request{100'000};

Result<HttpHeaders> headers_of(const Json& arguments, const std::string& body,
                               const std::string& effect_key) {
  HttpHeaders headers;
  const auto given = arguments.find("headers");
  if (given != arguments.end()) {
    for (const auto& [name, value] : given->items()) {
      if (lower_ascii(name) == "idempotency-key") {
        return fail(ErrorKind::invalid, "this header is set by deed itself",
                    "/headers/" + escaped(name), "leave it out");
      }
      headers.emplace_back(name, value.get<std::string>());
    }
  }
  if (!body.empty() && !has_header(headers, "content-type")) {
    headers.emplace_back("Content-Type",
                         parse_json(body) ? "application/json" : "text/plain; charset=utf-8");
  }
  // RFC draft-ietf-httpapi-idempotency-key-header: a receiver that knows it takes a second attempt
  // for the first.
  headers.emplace_back("Idempotency-Key", effect_key);
  return headers;
}

Result<HttpRequest> request_of(const Json& arguments, const EgressGuard& guard,
                               const std::string& effect_key) {
  DEED_TRY(HttpUrl url, HttpUrl::parse(string_at(arguments, "url")));
  std::string body = string_at(arguments, "body");
  DEED_TRY(HttpHeaders headers, headers_of(arguments, body, effect_key));
  HttpRequest request{.method = string_at(arguments, "method"),
                      .url = std::move(url),
                      .headers = std::move(headers),
                      .body = std::move(body),
                      .timeout = longest_request,
                      .max_response_bytes = max_http_body_bytes,
                      .guard = &guard};
  DEED_OK(check_request(request));
  if (!guard.is_allowed_by_name(request.url)) DEED_OK(check_target(request.url));
  if (arguments.contains("if_in_doubt")) {
    DEED_OK(parse_http_doubt(arguments.at("if_in_doubt"), request.url, effect_key));
  }
  return request;
}

Result<Preview> preview(const Json& arguments, const EgressGuard& guard, const ToolContext& ctx) {
  DEED_TRY(const HttpRequest request, request_of(arguments, guard, ctx.effect_key()));
  std::string bytes = request_bytes(request);
  std::string summary = request.method + " " + request.url.text();
  if (!request.body.empty()) summary += " with " + human_bytes(request.body.size());
  if (arguments.contains("if_in_doubt")) {
    DEED_TRY(const HttpDoubt doubt,
             parse_http_doubt(arguments.at("if_in_doubt"), request.url, ctx.effect_key()));
    if (doubt.is_keyed) summary += "; sent again if in doubt: the receiver removes duplicates";
    if (doubt.probe) summary += "; if in doubt, asks " + doubt.probe->url.text();
  }
  return Preview{.media_type = "message/http",
                 .bytes = std::move(bytes),
                 .summary = std::move(summary),
                 .destinations = {request.url.text()}};
}

// 501, 503 and 505 say that the request was not taken up; after any other fault of the server it
// may have been carried out.
bool may_have_acted(int status) {
  return status >= 500 && status != 501 && status != 503 && status != 505;
}

Outcome outcome_of_response(const HttpUrl& url, const std::string& method,
                            const HttpResponse& response) {
  if (may_have_acted(response.status) && !is_safe_method(method)) {
    Outcome out = Outcome::unknown("the server failed with status " +
                                   std::to_string(response.status) + " (" + url.text() + ")");
    out.result["status"] = response.status;
    return out;
  }
  if (response.status >= 400) return refused_by_server(url, response);
  Json result = response_fields(url, response);
  std::string text = response_text(response);
  const std::string location = to_utf8(response.header("location"));
  if (is_redirect(response.status) && !location.empty()) {
    result["location"] = location;
    text = "Status " + std::to_string(response.status) + ", location: " + escaped(location) + "\n" +
           text;
  }
  if (response.status != 307 && response.status != 308)
    return Outcome::succeeded(std::move(result), std::move(text));
  return Outcome::rejected("the server wants the request at another address: " + escaped(location),
                           "send it there, if that is right");
}

Outcome outcome_of_failure(const HttpUrl& url, const std::string& method,
                           const HttpFailure& failure) {
  Error error = failure.error;
  if (error.where.empty()) error.where = url.text();
  if (!failure.may_have_acted || is_safe_method(method))
    return Outcome::failed_without_effect(error);
  return Outcome::unknown("the request was sent, and no answer came: " + to_string(error));
}

asio::awaitable<Outcome> send(HttpClient& client, Result<HttpRequest> made, ToolContext& ctx) {
  if (!made) co_return Outcome::failed_without_effect(made.error());
  HttpRequest request = *std::move(made);
  request.before_send = [&ctx] { return ctx.dispatching(); };
  const HttpUrl url = request.url;
  const std::string method = request.method;
  const HttpExchange exchange = co_await client.send(std::move(request));
  if (const auto* failure = std::get_if<HttpFailure>(&exchange))
    co_return outcome_of_failure(url, method, *failure);
  co_return outcome_of_response(url, method, std::get<HttpResponse>(exchange));
}

EffectClass classify(const Json& arguments) {
  if (is_safe_method(string_at(arguments, "method"))) return EffectClass::idempotent;
  const auto url = HttpUrl::parse(string_at(arguments, "url"));
  const auto given = arguments.find("if_in_doubt");
  if (!url || given == arguments.end()) return EffectClass::once;
  const auto doubt = parse_http_doubt(*given, *url, "");
  if (!doubt) return EffectClass::once;
  return doubt->is_keyed ? EffectClass::keyed : EffectClass::probeable;
}

Json schema() {
  Json method = {{"type", "string"},
                 {"enum", {"POST", "PUT", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS"}},
                 {"description", "HTTP method of the request."}};
  Json url = {{"type", "string"},
              {"format", "uri"},
              {"maxLength", 8192},
              {"description", "URL to send the request to."}};
  Json headers = {{"type", "object"},
                  {"maxProperties", 64},
                  {"additionalProperties", {{"type", "string"}, {"maxLength", 8192}}},
                  {"description", "Further headers of the request, by name. May be left out."}};
  Json body = {{"type", "string"},
               {"description", "Body of the request, such as JSON. May be left out."}};
  Json properties = {{"method", std::move(method)},
                     {"url", std::move(url)},
                     {"headers", std::move(headers)},
                     {"body", std::move(body)},
                     {"if_in_doubt", http_doubt_schema()}};
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", {"method", "url"}},
          {"additionalProperties", false}};
}

}  // namespace

Tool http_request(HttpClient& client, const EgressGuard& guard) {
  return {.spec = {.name = "http.request",
                   .description = "Send an HTTP request that changes something, such as a POST to "
                                  "an API, and return the response.",
                   .examples = {"POST {\"name\": \"Ann\"} to https://example.org/api/users",
                                "Send a DELETE request to https://example.org/items/4",
                                "Submit the text \"hello\" to http://127.0.0.1:9000/form",
                                "Call the API https://example.com/v1/orders with PUT and the body {\"count\": 3}",
                                "PATCH https://example.org/user/7, set the city to Oslo",
                                "Push, submit, trigger, publish, upload, update or remove something by an HTTP method.",
                             "Fire, hook, ping or hit an endpoint with a payload, form data or JSON; register, lodge, transmit or hand it over to the server, service or webhook."},
                   .arguments = schema(),
                   .effect = EffectClass::once,
                   .roles = {{"method", ArgumentRole::value},
                             {"url", ArgumentRole::destination},
                             {"headers", ArgumentRole::value},
                             {"body", ArgumentRole::text},
                             {"if_in_doubt", ArgumentRole::value}},
                   .approval = ApprovalNeed::always,
                   .result_trust = Trust::untrusted,
                   .dispatches = true},
          .run =
              [&client, &guard](Json arguments, ToolContext& ctx) {
                return send(client, request_of(arguments, guard, ctx.effect_key()), ctx);
              },
          .preview = [&guard](const Json& arguments,
                              const ToolContext& ctx) { return preview(arguments, guard, ctx); },
          .probe =
              [&client, &guard](Json arguments, ToolContext& ctx) {
                return probe_by_http(client, guard, std::move(arguments), ctx.effect_key());
              },
          .classify = classify};
}

}  // namespace deed
