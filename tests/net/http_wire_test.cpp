#include "deed/net/http_wire.hpp"

#include "deed/tests/net/http_fixture.hpp"

#include <cstdlib>

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

HttpRequest with_header(std::string name, std::string value) {
  return {.url = url("http://example.org/"), .headers = {{std::move(name), std::move(value)}}};
}

TEST(CheckRequest, TakesOrdinaryHeaders) {
  EXPECT_OK(check_request(with_header("Idempotency-Key", "a b;c=\"d\" \xC3\xA4")));
  EXPECT_OK(check_request(with_header("X-Empty", "")));
}

struct BadHeader {
  const char* name;
  const char* value;
};
class RefusedHeader : public testing::TestWithParam<BadHeader> {};
TEST_P(RefusedHeader, IsInvalid) {
  EXPECT_THAT(check_request(with_header(GetParam().name, GetParam().value)),
              IsError(ErrorKind::invalid));
}
INSTANTIATE_TEST_SUITE_P(Injection, RefusedHeader,
                         testing::Values(BadHeader{"X-A", "b\r\nX-Evil: 1"},
                                         BadHeader{"X-A", "b\n"}, BadHeader{"X-A", "b\r"},
                                         BadHeader{"X-A", "\x01"}, BadHeader{"X-A", "\x7f"},
                                         BadHeader{"X-A\r\nX-Evil", "1"}, BadHeader{"X A", "1"},
                                         BadHeader{"X-A:", "1"}, BadHeader{"", "1"},
                                         BadHeader{"X-\xC3\xA4", "1"}));
INSTANTIATE_TEST_SUITE_P(SetByTheClient, RefusedHeader,
                         testing::Values(BadHeader{"Host", "a"}, BadHeader{"content-length", "1"},
                                         BadHeader{"Transfer-Encoding", "chunked"},
                                         BadHeader{"EXPECT", "100-continue"},
                                         BadHeader{"Connection", "close"},
                                         BadHeader{"Upgrade", "h2c"}, BadHeader{"TE", "trailers"},
                                         BadHeader{"Proxy-Authorization", "x"}));

TEST(CheckRequest, RefusesANulInAValue) {
  EXPECT_THAT(check_request(with_header("X-A", std::string("a\0b", 3))),
              IsError(ErrorKind::invalid, HasSubstr("\\x00")));
}

TEST(CheckRequest, RefusesMethodsThatAreNoToken) {
  for (const char* method : {"", "GET /", "GE\r\nT", "CONNECT", "G\xC3\xA4T"}) {
    EXPECT_THAT(check_request({.method = method, .url = url("http://a/")}),
                IsError(ErrorKind::invalid, HasSubstr("method")))
        << method;
  }
}

TEST(CheckRequest, RefusesABodyWithHead) {
  EXPECT_THAT(check_request({.method = "HEAD", .url = url("http://a/"), .body = "x"}),
              IsError(ErrorKind::invalid));
}

TEST(CheckRequest, RefusesAnInternationalHostNameAndSaysHowToWriteIt) {
  for (const char* text : {"http://b\xC3\xBC.example/", "http://\xEF\xBC\x91\xEF\xBC\x92.0.0.1/"}) {
    EXPECT_THAT(check_request({.url = url(text)}), IsError(ErrorKind::invalid, HasSubstr("xn--")));
  }
}

TEST(WireUrl, EncodesWhatIsNotAsciiBehindTheHost) {
  EXPECT_EQ(wire_url(url("http://b\xC3\xBC.example/\xC3\xA4/%20?q=\xE2\x82\xAC#part")),
            "http://b\xC3\xBC.example/%C3%A4/%20?q=%E2%82%AC");
}

TEST(ProxyFor, ChoosesByScheme) {
  const HttpSettings settings{.http_proxy = "http://p:1", .https_proxy = "http://p:2"};
  EXPECT_EQ(proxy_for(url("http://example.org/"), settings), "http://p:1");
  EXPECT_EQ(proxy_for(url("https://example.org/"), settings), "http://p:2");
  EXPECT_EQ(proxy_for(url("https://example.org/"), {.http_proxy = "http://p:1"}), "");
}

TEST(ProxyFor, LeavesOutWhatNoProxyNames) {
  const HttpSettings settings{.http_proxy = "http://p:1",
                              .no_proxy = " localhost, .corp.example,intra.test ,::1,"};
  EXPECT_EQ(proxy_for(url("http://LOCALHOST:8080/"), settings), "");
  EXPECT_EQ(proxy_for(url("http://corp.example/"), settings), "");
  EXPECT_EQ(proxy_for(url("http://www.corp.example/"), settings), "");
  EXPECT_EQ(proxy_for(url("http://a.intra.test/"), settings), "");
  EXPECT_EQ(proxy_for(url("http://[::1]/"), settings), "");
  EXPECT_EQ(proxy_for(url("http://notcorp.example/"), settings), "http://p:1");
  EXPECT_EQ(proxy_for(url("http://example/"), settings), "http://p:1");
  EXPECT_EQ(proxy_for(url("http://a/"), {.http_proxy = "http://p:1", .no_proxy = "*"}), "");
}

TEST(ProxyFor, SendsNothingMeantForThisMachineThroughAProxy) {
  const HttpSettings settings{.http_proxy = "http://p:1", .https_proxy = "http://p:1"};
  for (const char* here : {"http://localhost:8080/v1", "http://a.localhost/", "http://127.0.0.1/", "http://127.1/",
                           "http://[::1]:11434/", "https://localhost/"})
    EXPECT_EQ(proxy_for(url(here), settings), "") << here;
  for (const char* elsewhere : {"http://127.example.org/", "http://10.0.0.1/", "http://localhost.example.org/"})
    EXPECT_EQ(proxy_for(url(elsewhere), settings), "http://p:1") << elsewhere;
}

class RefusedTarget : public testing::TestWithParam<const char*> {};
TEST_P(RefusedTarget, IsDeniedByItsTextAlone) {
  EXPECT_THAT(check_target(url(GetParam())), IsError(ErrorKind::denied, HasSubstr("--allow-host")));
}
INSTANTIATE_TEST_SUITE_P(Spellings, RefusedTarget,
                         testing::Values("http://localhost/", "http://LOCALHOST./",
                                         "http://a.localhost/", "http://127.0.0.1/",
                                         "http://127.1/", "http://2130706433/",
                                         "http://0x7f000001/", "http://0177.0.0.1/", "http://0/",
                                         "http://127.0.0.1./", "http://[::1]/",
                                         "http://[::ffff:7f00:1]/", "http://169.254.169.254/"));

TEST(CheckTarget, LeavesOtherNamesToWhoResolvesThem) {
  EXPECT_OK(check_target(url("http://example.org/")));
  EXPECT_OK(check_target(url("http://93.184.216.34/")));
  EXPECT_OK(
      check_target(url("https://b\xC3\xBC"
                       "cher.example/")));
}

TEST(ResponseHead, LowersNamesAndKeepsOrderAndRepeats) {
  ResponseHead head;
  for (const char* line : {"HTTP/1.1 201 Created\r\n", "Set-Cookie: a\r\n", "X-B:  c d \r\n",
                           "set-cookie: e\r\n", "\r\n"}) {
    EXPECT_OK(head.add_line(line));
  }
  EXPECT_EQ(head.status(), 201);
  EXPECT_TRUE(head.is_complete());
  EXPECT_THAT(head.take_headers(),
              ElementsAre(Pair("set-cookie", "a"), Pair("x-b", "c d"), Pair("set-cookie", "e")));
}

TEST(ResponseHead, StartsOverAfterAnInterimResponse) {
  ResponseHead head;
  for (const char* line :
       {"HTTP/1.1 103 Early Hints\r\n", "Link: x\r\n", "\r\n", "HTTP/2 200\r\n", "a: b\r\n"}) {
    EXPECT_OK(head.add_line(line));
  }
  EXPECT_EQ(head.status(), 200);
  EXPECT_FALSE(head.is_complete());
  EXPECT_THAT(head.take_headers(), ElementsAre(Pair("a", "b")));
}

TEST(ResponseHead, JoinsFoldedLines) {
  ResponseHead head;
  for (const char* line : {"HTTP/1.1 200 OK\r\n", "a: b\r\n", "\tc\r\n"}) {
    EXPECT_OK(head.add_line(line));
  }
  EXPECT_THAT(head.take_headers(), ElementsAre(Pair("a", "b c")));
}

TEST(ResponseHead, CountsInterimResponsesAgainstItsLimit) {
  ResponseHead head(100);
  Result<void> result;
  for (int i = 0; i < 10 && result; ++i) result = head.add_line("HTTP/1.1 100 Continue\r\n");
  EXPECT_THAT(result, IsError(ErrorKind::limit));
}

// Sets a variable for one test and puts back what was there.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    if (value)
      ::setenv(name, value, 1);
    else
      ::unsetenv(name);
  }
  ~Variable() {
    if (old_)
      ::setenv(name_, old_->c_str(), 1);
    else
      ::unsetenv(name_);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

TEST(HttpSettings, PreferLowerCaseAndFallBackToAllProxy) {
  const Variable a("http_proxy", "http://lower"), b("HTTP_PROXY", "http://upper");
  const Variable c("https_proxy", nullptr), d("HTTPS_PROXY", nullptr), e("ALL_PROXY", "http://all");
  const Variable f("all_proxy", nullptr), g("no_proxy", nullptr), h("NO_PROXY", "x.test");
  const HttpSettings settings = HttpSettings::from_environment();
  EXPECT_EQ(settings.http_proxy, "http://lower");
  EXPECT_EQ(settings.https_proxy, "http://all");
  EXPECT_EQ(settings.no_proxy, "x.test");
}

TEST(HttpSettings, DoNotBelieveHttpProxyUnderCgi) {
  const Variable a("http_proxy", nullptr), b("HTTP_PROXY", "http://evil");
  const Variable c("REQUEST_METHOD", "GET"), d("ALL_PROXY", nullptr), e("all_proxy", nullptr);
  EXPECT_EQ(HttpSettings::from_environment().http_proxy, "");
}

TEST(TrustStore, ReadsTheVariablesThatTheCurlCommandReads) {
  const Variable a("CURL_CA_BUNDLE", nullptr), b("SSL_CERT_FILE", "/f"), c("SSL_CERT_DIR", "/d");
  EXPECT_EQ(TrustStore::from_environment().ca_file, "/f");
  EXPECT_EQ(TrustStore::from_environment().ca_folder, "/d");
  const Variable d("CURL_CA_BUNDLE", "/b");
  EXPECT_EQ(TrustStore::from_environment().ca_file, "/b");
}

}  // namespace
}  // namespace deed
