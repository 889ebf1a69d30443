// A client on an io_context of its own, and short ways to say what a test sends and expects.
#pragma once

#include "deed/net/http.hpp"
#include "deed/tests/fakes/http_server.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_async.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace deed {

inline HttpUrl url(std::string_view text) { return *HttpUrl::parse(text); }
inline HttpRequest get(const std::string& url) { return {.url = *HttpUrl::parse(url)}; }
inline HttpRequest post(const std::string& url, std::string body) {
  return {.method = "POST", .url = *HttpUrl::parse(url), .body = std::move(body)};
}

inline void PrintTo(const HttpFailure& failure, std::ostream* out) {
  PrintTo(failure.error, out);
  *out << (failure.may_have_acted ? " [may have acted]" : " [has not acted]");
}

class HttpTest : public testing::Test {
 protected:
  HttpExchange exchange(HttpRequest request) {
    return run_async(io_, client_->send(std::move(request)));
  }
  HttpResponse response(HttpRequest request) {
    HttpExchange result = exchange(std::move(request));
    if (const auto* failure = std::get_if<HttpFailure>(&result)) {
      ADD_FAILURE() << testing::PrintToString(*failure);
      return {};
    }
    return std::get<HttpResponse>(std::move(result));
  }
  HttpFailure failure(HttpRequest request) {
    HttpExchange result = exchange(std::move(request));
    if (const auto* got = std::get_if<HttpResponse>(&result)) {
      ADD_FAILURE() << "a response: " << got->status << " " << got->body;
      return {};
    }
    return std::get<HttpFailure>(std::move(result));
  }
  void use(HttpSettings settings) {
    client_ = make_http_client(io_.get_executor(), std::move(settings));
  }

  asio::io_context io_;
  // Without the environment: a proxy that is set where the tests run is not theirs.
  std::unique_ptr<HttpClient> client_ = make_http_client(io_.get_executor(), HttpSettings{});
};

MATCHER_P2(IsFailure, kind, may_have_acted, "is a failure of the kind") {
  *result_listener << testing::PrintToString(arg);
  return arg.error.kind == kind && arg.may_have_acted == may_have_acted;
}
inline constexpr bool has_not_acted = false;
inline constexpr bool may_have_acted = true;

}  // namespace deed
