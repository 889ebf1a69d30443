#include "deed/tests/tools/tool_doubles.hpp"
#include "deed/tools/builtin.hpp"
#include "deed/tools/http_text.hpp"

namespace deed {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class HttpTools : public testing::Test {
 protected:
  // Answers each URL from the table; what is not in it is refused as the guard would.
  void serve(std::vector<std::pair<std::string, HttpResponse>> pages) {
    client_.answer = [pages = std::move(pages)](const HttpRequest& request) -> HttpExchange {
      for (const auto& [url, response] : pages) {
        if (request.url.text() == url) return response;
      }
      return HttpFailure{Error{ErrorKind::denied, "the address is not public", request.url.text(),
                               "allow it with --allow-host"},
                         false};
    };
  }
  static HttpResponse to(std::string location, int status = 302) {
    return {
        .status = status, .headers = {{"location", std::move(location)}}, .body = "", .peer = ""};
  }
  static HttpResponse page(std::string body, int status = 200) {
    return {.status = status,
            .headers = {{"content-type", "text/html"}},
            .body = std::move(body),
            .peer = ""};
  }
  std::vector<std::string> urls() const {
    std::vector<std::string> out;
    for (const HttpRequest& request : client_.requests) out.push_back(request.url.text());
    return out;
  }

  FakeHttpClient client_;
  EgressGuard guard_;
  Tool get_ = http_get(client_, guard_);
  Tool request_ = http_request(client_, guard_);
  FakeContext ctx_;
};

const Json example = {{"url", "https://example.org/"}};
const Json post = {
    {"method", "POST"}, {"url", "https://example.org/items"}, {"body", R"({"a":1})"}};

TEST_F(HttpTools, GetReturnsStatusUrlTypeAndBody) {
  serve({{"https://example.org/", page("<p>Hi</p>")}});
  const Outcome out = run_tool(get_, example);
  EXPECT_THAT(out, Ended(OutcomeStatus::succeeded));
  EXPECT_EQ(out.text, "<p>Hi</p>");
  EXPECT_EQ(out.result, (Json{{"status", 200},
                              {"url", "https://example.org/"},
                              {"content_type", "text/html"},
                              {"body", "<p>Hi</p>"}}));
}

TEST_F(HttpTools, GetPassesTheGuardOnEveryHop) {
  serve({{"https://example.org/", to("/a")},
         {"https://example.org/a", to("//other.org/b")},
         {"https://other.org/b", page("there")}});
  const Outcome out = run_tool(get_, example);
  EXPECT_EQ(out.text, "there");
  EXPECT_EQ(out.result["url"], "https://other.org/b");
  EXPECT_THAT(urls(),
              ElementsAre("https://example.org/", "https://example.org/a", "https://other.org/b"));
  for (const HttpRequest& request : client_.requests) EXPECT_EQ(request.guard, &guard_);
}

TEST_F(HttpTools, GetStopsAtARedirectToARefusedAddress) {
  serve({{"https://example.org/", to("http://169.254.169.254/latest/meta-data")}});
  const Outcome out = run_tool(get_, example);
  EXPECT_THAT(out, Ended(OutcomeStatus::failed_without_effect));
  EXPECT_THAT(told(out), AllOf(HasSubstr("169.254.169.254"), HasSubstr("--allow-host")));
}

TEST_F(HttpTools, GetFollowsFiveRedirectsAndNotASixth) {
  std::vector<std::pair<std::string, HttpResponse>> pages = {{"https://example.org/", to("/1")}};
  for (int i = 1; i <= 4; ++i)
    pages.emplace_back("https://example.org/" + std::to_string(i), to("/" + std::to_string(i + 1)));
  auto five = pages;
  five.emplace_back("https://example.org/5", page("end"));
  serve(five);
  EXPECT_EQ(run_tool(get_, example).text, "end");
  pages.emplace_back("https://example.org/5", to("/6"));
  client_.requests.clear();
  serve(pages);
  const Outcome out = run_tool(get_, example);
  EXPECT_THAT(out, Ended(OutcomeStatus::rejected));
  EXPECT_THAT(told(out), HasSubstr("more than 5 redirects"));
  EXPECT_EQ(client_.requests.size(), 6u);
}

TEST_F(HttpTools, GetFollowsNoRedirectToAnotherScheme) {
  for (const char* location :
       {"file:///etc/passwd", "ftp://example.org/", "javascript:alert(1)", ""}) {
    client_.requests.clear();
    serve({{"https://example.org/", to(location)}});
    EXPECT_THAT(run_tool(get_, example), Ended(OutcomeStatus::rejected)) << location;
    EXPECT_EQ(client_.requests.size(), 1u);
  }
}

TEST_F(HttpTools, GetTellsAnErrorStatusWithTheHeadOfItsPage) {
  serve({{"https://example.org/", page("no such page " + std::string(5000, 'x'), 404)}});
  const Outcome out = run_tool(get_, example);
  EXPECT_THAT(out, Ended(OutcomeStatus::rejected));
  EXPECT_THAT(told(out), AllOf(HasSubstr("404"), HasSubstr("check the URL")));
  EXPECT_EQ(out.result["status"], 404);
  EXPECT_EQ(out.result["body"].get<std::string>().size(), 2000u);
}

TEST_F(HttpTools, GetDescribesABodyThatIsNotText) {
  serve({{"https://example.org/", page(std::string("\xff\xd8\xff", 3))}});
  const Outcome out = run_tool(get_, example);
  EXPECT_THAT(out, Ended(OutcomeStatus::succeeded));
  EXPECT_FALSE(out.result.contains("body"));
  EXPECT_EQ(out.result["size"], 3);
  EXPECT_THAT(out.text, HasSubstr("not text in UTF-8"));
}

TEST_F(HttpTools, GetRefusesWhatIsNoHttpUrlWithoutARequest) {
  for (const char* url : {"example.org", "file:///etc/passwd", "https://user:pw@example.org/",
                          "https://example.org/\r\nX: y"}) {
    EXPECT_THAT(run_tool(get_, {{"url", url}}), Ended(OutcomeStatus::failed_without_effect)) << url;
  }
  EXPECT_THAT(client_.requests, IsEmpty());
}

TEST(ResolveLocation, FollowsTheRulesOfReferences) {
  const HttpUrl base = *HttpUrl::parse("https://example.org:8443/a/b?q=/x");
  const auto resolved = [&](std::string_view location) {
    auto url = resolve_location(base, location);
    return url ? url->text() : to_string(url.error().kind);
  };
  EXPECT_EQ(resolved("http://other.org/x"), "http://other.org/x");
  EXPECT_EQ(resolved("//other.org/x"), "https://other.org/x");
  EXPECT_EQ(resolved("/x?y"), "https://example.org:8443/x?y");
  EXPECT_EQ(resolved("x"), "https://example.org:8443/a/x");
  EXPECT_EQ(resolved("x?u=http://c"), "https://example.org:8443/a/x?u=http://c");
  EXPECT_EQ(resolved("../x"), "https://example.org:8443/a/../x");
  EXPECT_EQ(resolved("?p"), "https://example.org:8443/a/b?p");
  EXPECT_EQ(resolved("#top"), "https://example.org:8443/a/b?q=/x");
  EXPECT_EQ(resolved(" /x "), "https://example.org:8443/x");
  EXPECT_EQ(resolved(""), "invalid");
  EXPECT_EQ(resolved("/x\r\ny"), "invalid");
  EXPECT_EQ(resolved("mailto:a@b"), "invalid");
}

TEST_F(HttpTools, RequestIsSentAfterTheCommitPointWithItsKey) {
  ctx_.at_dispatch = [&] { EXPECT_THAT(client_.requests, IsEmpty()); };
  const Outcome out = run_tool(request_, post, ctx_);
  EXPECT_THAT(out, Ended(OutcomeStatus::succeeded));
  EXPECT_EQ(ctx_.dispatches, 1);
  ASSERT_EQ(client_.requests.size(), 1u);
  const HttpRequest& sent = client_.requests[0];
  EXPECT_EQ(sent.method, "POST");
  EXPECT_EQ(sent.body, R"({"a":1})");
  EXPECT_EQ(sent.guard, &guard_);
  EXPECT_THAT(
      sent.headers,
      ElementsAre(std::pair<std::string, std::string>("Content-Type", "application/json"),
                  std::pair<std::string, std::string>("Idempotency-Key", ctx_.effect_key())));
}

TEST_F(HttpTools, RequestIsNotSentIfTheCommitPointCannotBeRecorded) {
  ctx_.dispatch_error = Error{ErrorKind::unavailable, "the disk is full"};
  EXPECT_THAT(run_tool(request_, post, ctx_), Ended(OutcomeStatus::failed_without_effect));
  EXPECT_THAT(client_.requests, IsEmpty());
}

TEST_F(HttpTools, RequestWithoutAnAnswerIsUnknownUnlessProvablyUnsent) {
  bool may_have_acted = true;
  client_.answer = [&](const HttpRequest&) -> HttpExchange {
    return HttpFailure{Error{ErrorKind::timeout, "no answer in time"}, may_have_acted};
  };
  EXPECT_THAT(run_tool(request_, post, ctx_), Ended(OutcomeStatus::unknown));
  may_have_acted = false;
  EXPECT_THAT(run_tool(request_, post, ctx_), Ended(OutcomeStatus::failed_without_effect));
}

TEST_F(HttpTools, RequestTellsRefusalFromAFaultThatMayHaveActed) {
  const std::map<int, OutcomeStatus> expected = {
      {200, OutcomeStatus::succeeded}, {201, OutcomeStatus::succeeded},
      {303, OutcomeStatus::succeeded}, {308, OutcomeStatus::rejected},
      {400, OutcomeStatus::rejected},  {404, OutcomeStatus::rejected},
      {503, OutcomeStatus::rejected},  {500, OutcomeStatus::unknown},
      {502, OutcomeStatus::unknown},   {504, OutcomeStatus::unknown}};
  for (const auto& [status, outcome] : expected) {
    serve({{"https://example.org/items", to("/elsewhere", status)}});
    client_.requests.clear();
    EXPECT_THAT(run_tool(request_, post, ctx_), Ended(outcome)) << status;
    EXPECT_EQ(client_.requests.size(), 1u) << "redirects are not followed";
  }
}

TEST_F(HttpTools, RequestThatOnlyReadsIsNeverUnknown) {
  client_.answer = [](const HttpRequest&) -> HttpExchange {
    return HttpFailure{Error{ErrorKind::timeout, "no answer"}, true};
  };
  EXPECT_THAT(run_tool(request_, {{"method", "GET"}, {"url", "https://example.org/"}}, ctx_),
              Ended(OutcomeStatus::failed_without_effect));
}

TEST_F(HttpTools, RequestPreviewIsTheMessage) {
  const auto preview = request_.preview(post, ctx_);
  ASSERT_OK(preview);
  EXPECT_EQ(preview->media_type, "message/http");
  EXPECT_EQ(preview->bytes,
            "POST /items HTTP/1.1\r\nHost: example.org\r\nUser-Agent: deed/0.1\r\nAccept: */*\r\n"
            "Accept-Encoding: gzip, deflate\r\nContent-Type: "
            "application/json\r\nIdempotency-Key: " +
                ctx_.effect_key() + "\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
  EXPECT_EQ(preview->summary, "POST https://example.org/items with 7 bytes");
  EXPECT_THAT(preview->destinations, ElementsAre("https://example.org/items"));
  EXPECT_TRUE(needs_approval(request_, post));
}

TEST_F(HttpTools, RequestIsRefusedBeforeAnybodyIsAsked) {
  const std::vector<std::pair<Json, std::string>> bad = {
      {{{"method", "POST"}, {"url", "http://127.1/"}}, "--allow-host"},
      {{{"method", "POST"}, {"url", "ftp://example.org/"}}, "http"},
      {{{"method", "POST"},
        {"url", "https://example.org/"},
        {"headers", {{"X-A", "b\r\nHost: evil"}}}},
       "control character"},
      {{{"method", "POST"}, {"url", "https://example.org/"}, {"headers", {{"X A", "b"}}}},
       "header name"},
      {{{"method", "POST"}, {"url", "https://example.org/"}, {"headers", {{"Host", "evil"}}}},
       "set by the client"},
      {{{"method", "POST"},
        {"url", "https://example.org/"},
        {"headers", {{"idempotency-KEY", "1"}}}},
       "set by deed"},
      {{{"method", "HEAD"}, {"url", "https://example.org/"}, {"body", "x"}}, "no body"}};
  for (const auto& [arguments, text] : bad) {
    const auto preview = request_.preview(arguments, ctx_);
    ASSERT_FALSE(preview) << arguments;
    EXPECT_THAT(to_string(preview.error()), HasSubstr(text)) << arguments;
    EXPECT_THAT(run_tool(request_, arguments, ctx_), Ended(OutcomeStatus::failed_without_effect))
        << arguments;
  }
  EXPECT_EQ(ctx_.dispatches, 0);
}

TEST_F(HttpTools, RequestGoesToAPrivateAddressThatTheUserAllowedByName) {
  const EgressGuard allowing({*AllowedHost::parse("127.0.0.1:8080")});
  EXPECT_OK(http_request(client_, allowing)
                .preview({{"method", "POST"}, {"url", "http://127.0.0.1:8080/"}}, ctx_));
}

}  // namespace
}  // namespace deed
