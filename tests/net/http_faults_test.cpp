// What goes wrong on the way, and whether the server may have acted on the request: false only
// where that is proven.
#include "deed/tests/net/http_fixture.hpp"

#include <future>

namespace deed {
namespace {

using fakes::HttpReply;
using fakes::SeenRequest;
using testing::HasSubstr;
using namespace std::chrono_literals;

class HttpFaults : public HttpTest {
 protected:
  // The server does `reply` with every request.
  void serve(HttpReply reply) {
    server_.emplace([reply](const SeenRequest&) { return reply; });
  }
  HttpRequest effect(std::string body = "x") { return post(server_->url("/act"), std::move(body)); }

  std::optional<fakes::HttpServer> server_;
};

TEST_F(HttpFaults, NothingListens) {
  const auto result =
      failure(post("http://127.0.0.1:" + std::to_string(fakes::unused_port()), "x"));
  EXPECT_THAT(result, IsFailure(ErrorKind::unavailable, has_not_acted));
  EXPECT_THAT(result.error.hint, HasSubstr("port"));
}

TEST_F(HttpFaults, NameDoesNotResolve) {
  EXPECT_THAT(failure(post("http://nowhere.invalid/", "x")),
              IsFailure(ErrorKind::unavailable, has_not_acted));
}

TEST_F(HttpFaults, ServerSpeaksNoTls) {
  fakes::Listener plain([](fakes::Connection& connection) {
    connection.read_some();
    connection.write("HTTP/1.1 400 This is not TLS\r\n\r\n");
  });
  const std::string url = "https://127.0.0.1:" + std::to_string(plain.port()) + "/";
  EXPECT_THAT(failure(post(url, "x")), IsFailure(ErrorKind::unavailable, has_not_acted));
}

TEST_F(HttpFaults, ServerClosesBeforeTheReply) {
  serve(HttpReply::close_before_reply());
  EXPECT_THAT(failure(effect()), IsFailure(ErrorKind::unavailable, may_have_acted));
  EXPECT_EQ(server_->requests().size(), 1u);
}

TEST_F(HttpFaults, ServerResetsBeforeTheReply) {
  serve(HttpReply().reset());
  EXPECT_THAT(failure(effect()), IsFailure(ErrorKind::unavailable, may_have_acted));
}

// Every size that libcurl treats differently: none, in one packet with the head, over 64 KiB,
// larger than socket buffers.
TEST_F(HttpFaults, AWholeRequestOfAnySizeMayHaveActed) {
  serve(HttpReply::close_before_reply());
  std::size_t sent = 0;
  for (const std::size_t size : {0u, 1u, 1000u, 65536u, 70000u, 8000000u}) {
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
      HttpRequest request = effect(std::string(size, 'x'));
      request.method = method;
      EXPECT_THAT(failure(request), IsFailure(ErrorKind::unavailable, may_have_acted)) << size;
      ASSERT_EQ(server_->requests().size(), ++sent);
      EXPECT_EQ(server_->requests().back().body.size(), size);
    }
  }
}

TEST_F(HttpFaults, AGetWithoutReplyMayHaveActed) {
  serve(HttpReply::close_before_reply());
  EXPECT_THAT(failure(get(server_->url())), IsFailure(ErrorKind::unavailable, may_have_acted));
}

TEST_F(HttpFaults, ARequestCutShortByTheServerHasNotActed) {
  server_.emplace([](const SeenRequest&) { return HttpReply::ok("x"); },
                  [](const SeenRequest&) { return HttpReply().reset(); });
  EXPECT_THAT(failure(effect(std::string(50'000'000, 'x'))),
              IsFailure(ErrorKind::unavailable, has_not_acted));
  EXPECT_TRUE(server_->requests().empty());
}

TEST_F(HttpFaults, ARequestCutShortByTheTimeoutHasNotActed) {
  std::promise<void> end;
  server_.emplace([](const SeenRequest&) { return HttpReply::ok("x"); },
                  [&](const SeenRequest&) {
                    // Reads nothing: the body fills the sockets' buffers and stays there.
                    return HttpReply().await([&] { end.get_future().wait(); }).close();
                  });
  HttpRequest request = effect(std::string(50'000'000, 'x'));
  request.timeout = 200ms;
  EXPECT_THAT(failure(request), IsFailure(ErrorKind::timeout, has_not_acted));
  end.set_value();
  server_.reset();
}

TEST_F(HttpFaults, ResponseIsCutInTheHead) {
  serve(HttpReply::cut_headers());
  EXPECT_THAT(failure(effect()), IsFailure(ErrorKind::unavailable, may_have_acted));
}

TEST_F(HttpFaults, ResponseIsCutInTheBody) {
  serve(HttpReply::cut_body());
  EXPECT_THAT(failure(effect()), IsFailure(ErrorKind::unavailable, may_have_acted));
}

TEST_F(HttpFaults, ResponseIsCutInAChunk) {
  serve(HttpReply::cut_chunk());
  EXPECT_THAT(failure(effect()), IsFailure(ErrorKind::unavailable, may_have_acted));
}

TEST_F(HttpFaults, ServerAnswersWithSomethingElseThanHttp) {
  serve(HttpReply::garbage());
  EXPECT_THAT(failure(effect()), IsFailure(ErrorKind::corrupt, may_have_acted));
}

TEST_F(HttpFaults, ResponseSaysGzipAndIsNot) {
  serve(HttpReply::status(200, "this is not gzip", "Content-Encoding: gzip\r\n"));
  EXPECT_THAT(failure(effect()), IsFailure(ErrorKind::corrupt, may_have_acted));
}

TEST_F(HttpFaults, HeaderLineIsHuge) {
  serve(HttpReply::huge_header_line(3'000'000));
  EXPECT_THAT(failure(effect()), IsFailure(ErrorKind::limit, may_have_acted));
}

TEST_F(HttpFaults, HeadersHaveNoEnd) {
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "X-Header: " + std::string(100, 'x') + "\r\n";
  serve(HttpReply::status(200, "", many));
  EXPECT_THAT(failure(effect()), IsFailure(ErrorKind::limit, may_have_acted));
}

TEST_F(HttpFaults, BodyIsOverTheLimit) {
  serve(HttpReply::ok(std::string(100'001, 'x')));
  HttpRequest request = effect();
  request.max_response_bytes = 100'000;
  const auto result = failure(request);
  EXPECT_THAT(result, IsFailure(ErrorKind::limit, may_have_acted));
  EXPECT_THAT(result.error.what, HasSubstr("100.0 kB"));
}

TEST_F(HttpFaults, BodyWithoutLengthIsOverTheLimit) {
  serve(HttpReply::chunked({std::string(60'000, 'x'), std::string(60'000, 'x')}));
  HttpRequest request = effect();
  request.max_response_bytes = 100'000;
  EXPECT_THAT(failure(request), IsFailure(ErrorKind::limit, may_have_acted));
}

TEST_F(HttpFaults, SmallGzipBodyUnfoldsOverTheLimit) {
  // 20,000 zero bytes.
  constexpr unsigned char bomb[] = {
      0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x31, 0x01,
      0x00, 0x00, 0x00, 0xc2, 0xa0, 0xf5, 0x4f, 0x6d, 0x0d, 0x0f, 0xa0, 0x00, 0x00, 0x00,
      0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x00, 0x78, 0x30, 0x02, 0x53, 0x2f, 0x97, 0x20, 0x4e, 0x00, 0x00};
  const std::string body(reinterpret_cast<const char*>(bomb), sizeof bomb);
  serve(HttpReply::status(200, body, "Content-Encoding: gzip\r\n"));
  HttpRequest request = effect();
  request.max_response_bytes = 10'000;
  EXPECT_THAT(failure(request), IsFailure(ErrorKind::limit, may_have_acted));
}

TEST_F(HttpFaults, ServerNeverAnswers) {
  serve(HttpReply::never_answer());
  HttpRequest request = effect();
  request.timeout = 100ms;
  EXPECT_THAT(failure(request), IsFailure(ErrorKind::timeout, may_have_acted));
}

TEST_F(HttpFaults, ServerFallsSilentInTheBody) {
  serve(HttpReply::stall_in_body());
  HttpRequest request = effect();
  request.idle_timeout = 100ms;
  const auto result = failure(request);
  EXPECT_THAT(result, IsFailure(ErrorKind::timeout, may_have_acted));
  EXPECT_THAT(result.error.what, HasSubstr("no byte came for 100 ms"));
  EXPECT_TRUE(server_->wait_until_closed(1));
}

TEST_F(HttpFaults, ASlowServerIsNotAnIdleOne) {
  serve(HttpReply()
            .send("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
            .send_slowly(std::string(5000, 'x')));
  HttpRequest request = effect();
  request.idle_timeout = 5s;
  EXPECT_EQ(response(request).body.size(), 5000u);
}

// libcurl by itself would send the request again on a new connection.
TEST_F(HttpFaults, AnEffectIsNotSentAgainWhenAKeptConnectionDies) {
  server_.emplace([](const SeenRequest& request) {
    return request.target == "/warm" ? HttpReply::ok("x") : HttpReply::close_before_reply();
  });
  response(get(server_->url("/warm")));
  EXPECT_THAT(failure(effect()), IsFailure(ErrorKind::unavailable, may_have_acted));
  EXPECT_EQ(server_->requests().size(), 2u);
}

TEST_F(HttpFaults, ARequestWithACommitPointLeavesOnAConnectionOfItsOwn) {
  serve(HttpReply::ok("x"));
  response(get(server_->url("/warm")));
  HttpRequest request = effect();
  request.before_send = []() -> Async<void> { co_return Result<void>(); };
  response(request);
  EXPECT_EQ(server_->requests().at(1).connection, 1u);
}

TEST_F(HttpFaults, AReadIsSentAgainWhenAKeptConnectionDies) {
  server_.emplace([](const SeenRequest& request) {
    const bool dies = request.connection == 0 && request.target == "/read";
    return dies ? HttpReply::close_before_reply() : HttpReply::ok("answer");
  });
  response(get(server_->url("/warm")));
  EXPECT_EQ(response(get(server_->url("/read"))).body, "answer");
}

}  // namespace
}  // namespace deed
