// What a request is said to be is what the server gets, to the byte.
#include <mutex>

#include "deed/tests/fakes/listener.hpp"
#include "deed/tests/net/http_fixture.hpp"

namespace deed {
namespace {

// Keeps each request as it came in, and answers 204.
class RawServer {
 public:
  std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(listener_.port()) + path; }
  std::string last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  void serve(fakes::Connection& connection) {
    std::string bytes;
    std::size_t length = 0;
    while (const auto line = connection.read_line()) {
      bytes += *line;
      if (line->starts_with("Content-Length: ")) length = std::stoul(line->substr(16));
      if (*line == "\r\n") break;
    }
    if (length > 0) bytes += connection.read_bytes(length).value_or("");
    {
      const std::lock_guard lock(mutex_);
      last_ = bytes;
    }
    connection.write("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  }

  mutable std::mutex mutex_;  // guards last_
  std::string last_;
  fakes::Listener listener_{[this](fakes::Connection& connection) { serve(connection); }};
};

class HttpBytes : public HttpTest {
 protected:
  void expect_shown_as_sent(HttpRequest request) {
    const std::string shown = request_bytes(request);
    EXPECT_EQ(response(std::move(request)).status, 204);
    EXPECT_EQ(server_.last(), shown);
  }
  RawServer server_;
};

TEST_F(HttpBytes, AreThoseOfAGet) { expect_shown_as_sent(get(server_.url("/a?b=c"))); }

TEST_F(HttpBytes, AreThoseOfAPostWithFieldsOfItsOwn) {
  HttpRequest request = post(server_.url("/items"), "{\"a\":1}");
  request.headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", "k"}, {"X-Empty", ""}, {"Accept", "text/plain"}};
  expect_shown_as_sent(std::move(request));
}

TEST_F(HttpBytes, AreThoseOfAnEmptyPostAndOfOtherMethods) {
  expect_shown_as_sent(post(server_.url("/"), ""));
  for (const char* method : {"PUT", "PATCH", "DELETE", "OPTIONS"}) {
    HttpRequest request = post(server_.url("/x"), std::string(method) == "OPTIONS" ? "" : "body");
    request.method = method;
    request.headers = {{"Content-Type", "text/plain"}, {"User-Agent", "mine"}};
    expect_shown_as_sent(std::move(request));
  }
}

TEST_F(HttpBytes, AreThoseOfATargetOutsideOfAscii) { expect_shown_as_sent(get(server_.url("/caf\xC3\xA9?q=\xC3\xBC"))); }

TEST_F(HttpBytes, AreThoseOfALargeBody) { expect_shown_as_sent(post(server_.url("/"), std::string(300'000, 'x'))); }

}  // namespace
}  // namespace deed
