// A model that was opened by its name, over a client that notes what it would send.
#pragma once

#include "deed/llm/model.hpp"
#include "deed/net/http.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_async.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace deed {

/// Notes the request, and refuses it or answers with one document.
class NotingHttp final : public HttpClient {
 public:
  std::vector<HttpRequest> requests;
  std::string document;
  asio::awaitable<HttpExchange> send(HttpRequest request) override {
    requests.push_back(std::move(request));
    if (document.empty()) co_return HttpResponse{.status = 400};
    const Result<void> taken = requests.back().on_body(document);
    EXPECT_OK(taken);
    co_return HttpResponse{.status = 200, .headers = {{"content-type", "application/json"}}};
  }
};

class OpenedModel : public testing::Test {
 protected:
  Result<Reply> ask(const std::string& name, Transcript messages) {
    ModelEnvironment environment{.executor = io.get_executor(), .http = &http};
    environment.getenv = [this](std::string_view variable) -> std::optional<std::string> {
      const auto it = variables.find(std::string(variable));
      return it != variables.end() ? std::optional(it->second) : std::nullopt;
    };
    auto model = open_model(name, environment);
    if (!model) return fail(model.error());
    ModelRequest request{.messages = std::move(messages)};
    return run_async(io, (*model)->generate(std::move(request), {}));
  }
  HttpRequest request_of(const std::string& name) {
    (void)ask(name, {{.text = "x"}});
    return http.requests.empty() ? HttpRequest{.url = HttpUrl::parse("http://none/").value()} : http.requests.back();
  }
  static std::string header(const HttpRequest& request, std::string_view name) {
    for (const auto& [key, value] : request.headers) {
      if (key == name) return value;
    }
    return "absent";
  }

  asio::io_context io;
  NotingHttp http;
  std::map<std::string, std::string> variables;
};

}  // namespace deed
