#include "deed/tests/net/http_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <future>

namespace deed {
namespace {

using fakes::HttpReply;
using fakes::SeenRequest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

HttpReply hello(const SeenRequest&) { return HttpReply::ok("hello"); }

TEST_F(HttpTest, GetsAPage) {
  fakes::HttpServer server(hello);
  const HttpResponse got = response(get(server.url("/a/../b?c=d")));
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, "hello");
  EXPECT_EQ(got.header("content-type"), "text/plain");
  EXPECT_EQ(got.header("absent"), "");
  EXPECT_EQ(got.peer, "127.0.0.1:" + std::to_string(server.port()));
  const SeenRequest seen = server.requests().at(0);
  EXPECT_EQ(seen.method, "GET");
  EXPECT_EQ(seen.target, "/a/../b?c=d");
  EXPECT_EQ(seen.header("user-agent"), "deed/0.1");
  EXPECT_THAT(seen.header("accept-encoding"), HasSubstr("gzip"));
}

TEST_F(HttpTest, SendsTheRequestAsGiven) {
  fakes::HttpServer server(hello);
  HttpRequest request = post(server.url(), std::string("{\"a\":\0}", 7));
  request.headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", "k1"}, {"X-E", ""}};
  response(request);
  const SeenRequest seen = server.requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.body, request.body);
  EXPECT_EQ(seen.header("content-type"), "application/json");
  EXPECT_EQ(seen.header("idempotency-key"), "k1");
  EXPECT_THAT(seen.headers, testing::Contains(testing::Pair("x-e", "")));
}

TEST_F(HttpTest, SendsALargeBodyWithoutWaitingForContinue) {
  fakes::HttpServer server(hello);
  response(post(server.url(), std::string(5'000'000, 'x')));
  const SeenRequest seen = server.requests().at(0);
  EXPECT_EQ(seen.body.size(), 5'000'000u);
  EXPECT_EQ(seen.header("expect"), "");
  EXPECT_EQ(seen.header("content-type"), "");
}

TEST_F(HttpTest, SpeaksEveryMethod) {
  fakes::HttpServer server([](const SeenRequest& request) {
    if (request.method == "HEAD")
      return HttpReply().send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
    return HttpReply::ok(request.method);
  });
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"}) {
    HttpRequest request = get(server.url());
    request.method = method;
    EXPECT_EQ(response(request).body, method);
  }
  HttpRequest request = get(server.url());
  request.method = "HEAD";
  EXPECT_EQ(response(request).header("content-length"), "9");
  EXPECT_EQ(response(get(server.url())).body, "GET");
}

TEST_F(HttpTest, GivesEveryStatusAsAResponse) {
  fakes::HttpServer server([](const SeenRequest& request) {
    return HttpReply::status(std::stoi(request.target.substr(1)), "why");
  });
  for (const int status : {201, 400, 401, 404, 407, 429, 500, 503}) {
    const HttpResponse got = response(get(server.url("/" + std::to_string(status))));
    EXPECT_EQ(got.status, status);
    EXPECT_EQ(got.body, "why");
  }
}

TEST_F(HttpTest, DoesNotFollowARedirect) {
  fakes::HttpServer server([](const SeenRequest&) { return HttpReply::redirect("/elsewhere"); });
  const HttpResponse got = response(get(server.url()));
  EXPECT_EQ(got.status, 302);
  EXPECT_EQ(got.header("location"), "/elsewhere");
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(HttpTest, KeepsNoCookies) {
  fakes::HttpServer server(
      [](const SeenRequest&) { return HttpReply::status(200, "", "Set-Cookie: a=b\r\n"); });
  response(get(server.url()));
  response(get(server.url()));
  EXPECT_EQ(server.requests().at(1).header("cookie"), "");
}

TEST_F(HttpTest, SkipsInterimResponses) {
  fakes::HttpServer server([](const SeenRequest&) {
    return HttpReply().send(
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  const HttpResponse got = response(get(server.url()));
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.header("link"), "");
}

TEST_F(HttpTest, KeepsAConnectionForTheNextRequest) {
  fakes::HttpServer server(hello);
  response(get(server.url()));
  response(post(server.url(), "x"));
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(HttpTest, RefusesAHeaderWithALineBreakBeforeAnythingIsSent) {
  fakes::HttpServer server(hello);
  HttpRequest request = get(server.url());
  request.headers = {{"X-A", "b\r\nX-Evil: 1"}};
  EXPECT_THAT(failure(request), IsFailure(ErrorKind::invalid, has_not_acted));
  EXPECT_EQ(server.connections(), 0u);
}

// The guard.

class HttpGuard : public HttpTest {
 protected:
  HttpRequest guarded(const std::string& url, const EgressGuard& guard) {
    HttpRequest request = get(url);
    request.guard = &guard;
    return request;
  }
  void use_name_for_loopback() {
    use({.resolve = {"rebind.test:" + std::to_string(server_.port()) + ":127.0.0.1"}});
  }
  fakes::HttpServer server_{hello};
  EgressGuard closed_;
};

TEST_F(HttpGuard, RefusesLoopbackAddressesBeforeTheCommitPoint) {
  HttpRequest request = guarded(server_.url(), closed_);
  request.before_send = []() -> Async<void> {
    ADD_FAILURE() << "committed";
    co_return Result<void>();
  };
  const HttpFailure result = failure(request);
  EXPECT_THAT(result, IsFailure(ErrorKind::denied, has_not_acted));
  EXPECT_THAT(to_string(result.error), HasSubstr("127.0.0.1 is a loopback address"));
  EXPECT_THAT(result.error.where, StartsWith("http://127.0.0.1:"));
  EXPECT_EQ(server_.connections(), 0u);
}

TEST_F(HttpGuard, RefusesLoopbackInEverySpelling) {
  for (const char* host : {"localhost", "127.1", "2130706433", "0x7f.1", "0", "[::1]",
                           "[::ffff:127.0.0.1]", "127.0.0.1."}) {
    EXPECT_THAT(failure(guarded(server_.url_with_host(host), closed_)),
                IsFailure(ErrorKind::denied, has_not_acted))
        << host;
  }
  EXPECT_EQ(server_.connections(), 0u);
}

// By the address that is dialled; the text of the name is in order.
TEST_F(HttpGuard, RefusesANameThatResolvesToALoopbackAddress) {
  use_name_for_loopback();
  const HttpFailure result = failure(guarded(server_.url_with_host("rebind.test"), closed_));
  EXPECT_THAT(result, IsFailure(ErrorKind::denied, has_not_acted));
  EXPECT_THAT(result.error.what, HasSubstr("127.0.0.1 is a loopback address"));
  // Connections arrive in order, so one that was only opened and closed would be counted by now.
  response(get(server_.url()));
  EXPECT_EQ(server_.connections(), 1u);
}

TEST_F(HttpGuard, LetsThroughWhatTheUserAllowedByName) {
  const EgressGuard guard({*AllowedHost::parse("127.0.0.1:" + std::to_string(server_.port()))});
  EXPECT_EQ(response(guarded(server_.url(), guard)).body, "hello");
  EXPECT_THAT(failure(guarded(server_.url_with_host("localhost"), guard)),
              IsFailure(ErrorKind::denied, has_not_acted));
}

// A kept connection is not dialled again, so only its own address can tell.
TEST_F(HttpGuard, JudgesAConnectionThatAnUnguardedRequestLeftOpen) {
  use_name_for_loopback();
  const std::string url = server_.url_with_host("rebind.test");
  response(get(url));
  EXPECT_THAT(failure(guarded(url, closed_)), IsFailure(ErrorKind::denied, has_not_acted));
  EXPECT_EQ(server_.requests().size(), 1u);
  EXPECT_EQ(server_.connections(), 1u);
}

// The fake server stands for the proxy: it answers whatever absolute URL it is asked for.
class HttpProxy : public HttpGuard {
 protected:
  HttpProxy() { use({.http_proxy = server_.url()}); }
};

TEST_F(HttpProxy, DialsForAPublicNameAlthoughItsOwnAddressIsPrivate) {
  EXPECT_EQ(response(guarded("http://example.org/x", closed_)).body, "hello");
  EXPECT_EQ(server_.requests().at(0).target, "http://example.org/x");
}

TEST_F(HttpProxy, IsNotAskedForATargetThatIsNotPublic) {
  for (const char* url : {"http://localhost/", "http://127.1/", "http://[::1]/",
                          "http://169.254.169.254/latest/meta-data/"}) {
    EXPECT_THAT(failure(guarded(url, closed_)), IsFailure(ErrorKind::denied, has_not_acted)) << url;
  }
  EXPECT_EQ(server_.connections(), 0u);
}

TEST_F(HttpProxy, ThatOpensNoTunnelLetsNothingOfTheRequestThrough) {
  fakes::HttpServer proxy([](const SeenRequest&) { return HttpReply::status(502, "no"); });
  use({.https_proxy = proxy.url()});
  EXPECT_THAT(failure(get("https://example.org/act")),
              IsFailure(ErrorKind::unavailable, has_not_acted));
  EXPECT_EQ(proxy.requests().at(0).method, "CONNECT");
}

TEST_F(HttpProxy, IsLeftOutForHostsInNoProxy) {
  fakes::HttpServer direct(hello);
  use({.http_proxy = server_.url(), .no_proxy = "direct.test", .resolve = {"direct.test:" + std::to_string(direct.port()) + ":127.0.0.1"}});
  response(get("http://direct.test:" + std::to_string(direct.port()) + "/direct"));
  EXPECT_EQ(direct.requests().at(0).target, "/direct");
  EXPECT_EQ(server_.connections(), 0u);
}

// The commit point.

Async<void> allow() { co_return Result<void>(); }
Async<void> refuse() { co_return fail(ErrorKind::unavailable, "the disk is full"); }
Async<void> throw_it() {
  throw std::runtime_error("a bug");
  co_return Result<void>();
}

TEST_F(HttpTest, CommitsBeforeAnythingReachesTheServer) {
  fakes::HttpServer server(hello);
  std::size_t connections = 99;
  HttpRequest request = post(server.url(), "x");
  request.before_send = [&]() -> Async<void> {
    connections = server.connections();
    return allow();
  };
  response(request);
  EXPECT_EQ(connections, 0u);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(HttpTest, SendsNothingWhenTheCommitFails) {
  fakes::HttpServer server(hello);
  HttpRequest request = post(server.url(), "x");
  request.before_send = refuse;
  const HttpFailure result = failure(request);
  EXPECT_THAT(result, IsFailure(ErrorKind::unavailable, has_not_acted));
  EXPECT_EQ(result.error.what, "the disk is full");
  request.before_send = throw_it;
  EXPECT_THAT(failure(request), IsFailure(ErrorKind::internal, has_not_acted));
  EXPECT_EQ(server.connections(), 0u);
}

// Streaming.

class HttpStream : public HttpTest {
 protected:
  HttpRequest streaming(const std::string& method, const std::string& url) {
    HttpRequest request{.method = method, .url = *HttpUrl::parse(url)};
    if (method == "POST") request.body = "{}";
    request.on_body = [this](std::string_view piece) -> Result<void> {
      got_ += piece;
      ++pieces_;
      return {};
    };
    return request;
  }
  std::string got_;
  int pieces_ = 0;
};

TEST_F(HttpStream, GivesTheBodyPieceByPieceForGetAndPost) {
  fakes::HttpServer server([](const SeenRequest&) { return HttpReply::chunked({"one ", "two"}); });
  for (const char* method : {"GET", "POST"}) {
    got_.clear();
    const HttpResponse end = response(streaming(method, server.url()));
    EXPECT_EQ(end.status, 200);
    EXPECT_EQ(end.body, "");
    EXPECT_EQ(got_, "one two");
  }
  EXPECT_EQ(server.requests().at(0).header("accept-encoding"), "");
}

TEST_F(HttpStream, GivesEachPieceAsItComes) {
  // The server sends its second piece only after the first was seen.
  std::promise<void> first;
  fakes::HttpServer server([&](const SeenRequest&) {
    return HttpReply()
        .send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none")
        .await([&] { first.get_future().wait(); })
        .send("two");
  });
  HttpRequest request = streaming("GET", server.url());
  request.on_body = [&](std::string_view piece) -> Result<void> {
    if (got_.empty()) first.set_value();
    got_ += piece;
    return {};
  };
  response(request);
  EXPECT_EQ(got_, "onetwo");
}

TEST_F(HttpStream, KeepsTheBodyOfAnErrorForTheCaller) {
  fakes::HttpServer server([](const SeenRequest&) { return HttpReply::status(429, "slow down"); });
  EXPECT_EQ(response(streaming("POST", server.url())).body, "slow down");
  EXPECT_EQ(pieces_, 0);
}

TEST_F(HttpStream, EndsWhenTheTakerFails) {
  fakes::HttpServer server(
      [](const SeenRequest&) { return HttpReply().send("HTTP/1.1 200 OK\r\n\r\nsome").hang(); });
  HttpRequest request = streaming("GET", server.url());
  request.on_body = [](std::string_view) -> Result<void> {
    return fail(ErrorKind::corrupt, "not what I wanted");
  };
  const HttpFailure result = failure(request);
  EXPECT_THAT(result, IsFailure(ErrorKind::corrupt, may_have_acted));
  EXPECT_EQ(result.error.what, "not what I wanted");
  EXPECT_TRUE(server.wait_until_closed(1));
}

TEST_F(HttpStream, TurnsAnExceptionOfTheTakerIntoAnError) {
  fakes::HttpServer server(hello);
  HttpRequest request = streaming("GET", server.url());
  request.on_body = [](std::string_view) -> Result<void> { throw std::runtime_error("a bug"); };
  EXPECT_THAT(failure(request), IsFailure(ErrorKind::internal, may_have_acted));
}

TEST_F(HttpStream, HasTheByteLimitToo) {
  fakes::HttpServer server(
      [](const SeenRequest&) { return HttpReply::ok(std::string(100'000, 'x')); });
  HttpRequest request = streaming("GET", server.url());
  request.max_response_bytes = 50'000;
  EXPECT_THAT(failure(request), IsFailure(ErrorKind::limit, may_have_acted));
  EXPECT_LE(got_.size(), 50'000u);
}

// Cancellation and company.

// Sends `request`, and cancels from the loop thread once `when` (run on another thread) has
// returned.
template <class When>
HttpExchange send_and_cancel(asio::io_context& io, HttpClient& client, HttpRequest request,
                             When when) {
  asio::cancellation_signal signal;
  std::optional<HttpExchange> out;
  const auto root = [](HttpClient& to, HttpRequest what,
                       std::optional<HttpExchange>& got) -> asio::awaitable<void> {
    HttpExchange result = co_await to.send(std::move(what));
    got = std::move(result);
  };
  asio::co_spawn(io, root(client, std::move(request), out),
                 asio::bind_cancellation_slot(signal.slot(), [](std::exception_ptr) {}));
  std::thread other([&] {
    when();
    asio::post(io, [&] { signal.emit(asio::cancellation_type::terminal); });
  });
  auto work = asio::make_work_guard(io);
  io.restart();
  while (!out && io.run_one() > 0) {
  }
  other.join();
  work.reset();
  io.restart();
  io.poll();
  return std::move(*out);
}

TEST_F(HttpTest, EndsWhenItsCoroutineIsCancelled) {
  fakes::HttpServer server([](const SeenRequest&) { return HttpReply::never_answer(); });
  const HttpExchange result =
      send_and_cancel(io_, *client_, post(server.url(), "x"), [&] { server.wait_for_requests(1); });
  EXPECT_THAT(std::get<HttpFailure>(result), IsFailure(ErrorKind::cancelled, may_have_acted));
  EXPECT_TRUE(server.wait_until_closed(1));
}

TEST_F(HttpTest, HasNotActedWhenCancelledAtTheCommitPoint) {
  fakes::HttpServer server(hello);
  HttpRequest request = post(server.url(), "x");
  std::promise<void> waiting;
  request.before_send = [&]() -> Async<void> {
    return [](std::promise<void>& at) -> Async<void> {
      auto executor = co_await asio::this_coro::executor;
      asio::steady_timer never(executor, asio::steady_timer::time_point::max());
      at.set_value();
      co_await never.async_wait(asio::use_awaitable);
      co_return Result<void>();
    }(waiting);
  };
  const HttpExchange result =
      send_and_cancel(io_, *client_, std::move(request), [&] { waiting.get_future().wait(); });
  EXPECT_THAT(std::get<HttpFailure>(result), IsFailure(ErrorKind::cancelled, has_not_acted));
  EXPECT_EQ(server.connections(), 0u);
}

TEST_F(HttpTest, CarriesManyExchangesAtOnceOnOneThread) {
  constexpr int count = 200;
  // No request is answered before all are there, so they are under way together.
  std::mutex mutex;
  std::condition_variable changed;
  int arrived = 0;
  fakes::HttpServer server([&](const SeenRequest& request) {
    std::unique_lock lock(mutex);
    ++arrived;
    changed.notify_all();
    changed.wait(lock, [&] { return arrived == count; });
    return HttpReply::ok(request.target);
  });
  int right = 0;
  const auto one = [](HttpClient& client, HttpRequest request, std::string want,
                      int& good) -> asio::awaitable<void> {
    HttpExchange result = co_await client.send(std::move(request));
    const auto* got = std::get_if<HttpResponse>(&result);
    if (got && got->body == want) ++good;
  };
  for (int i = 0; i < count; ++i) {
    const std::string target = "/" + std::to_string(i);
    asio::co_spawn(io_, one(*client_, get(server.url(target)), target, right),
                   [](std::exception_ptr) {});
  }
  while (right < count && io_.run_one() > 0) {
  }
  EXPECT_EQ(right, count);
}

TEST_F(HttpTest, ManyFailuresLeaveTheClientUsable) {
  fakes::HttpServer server([](const SeenRequest& request) {
    return request.target == "/good" ? HttpReply::ok("x") : HttpReply::close_before_reply();
  });
  for (int i = 0; i < 50; ++i) failure(post(server.url("/bad"), "x"));
  EXPECT_EQ(response(get(server.url("/good"))).body, "x");
}

TEST_F(HttpTest, MayBeDestroyedWithExchangesUnderWay) {
  fakes::HttpServer server([](const SeenRequest&) { return HttpReply::never_answer(); });
  {
    asio::io_context io;
    const auto client = make_http_client(io.get_executor(), HttpSettings{});
    const auto one = [](HttpClient& to, HttpRequest what) -> asio::awaitable<void> {
      HttpExchange result = co_await to.send(std::move(what));
      ADD_FAILURE() << "ended";
    };
    for (int i = 0; i < 3; ++i) {
      asio::co_spawn(io, one(*client, get(server.url())), [](std::exception_ptr) {});
    }
    while (server.requests().size() < 3) io.run_one();
  }
  EXPECT_TRUE(server.wait_until_closed(3));
}

}  // namespace
}  // namespace deed
