// Certificates, against a server that no one here wrote.
#include "deed/tests/net/http_fixture.hpp"
#include "deed/tests/net/tls_server.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

class Https : public HttpTest {
 protected:
  TlsServer server_;
};

TEST_F(Https, RefusesACertificateOfAnUnknownAuthority) {
  const HttpFailure result = failure(post(server_.url(), "x"));
  EXPECT_THAT(result, IsFailure(ErrorKind::denied, has_not_acted));
  EXPECT_THAT(result.error.hint, HasSubstr("SSL_CERT_FILE"));
}

TEST_F(Https, BelievesTheAuthorityThatIsGiven) {
  use({.trust = {.ca_file = TlsServer::certificate_file()}});
  const HttpResponse got = response(get(server_.url()));
  EXPECT_EQ(got.status, 200);
  EXPECT_THAT(got.body, HasSubstr("TLSv1.3"));
}

TEST_F(Https, RefusesACertificateForAnotherName) {
  const std::string port = std::to_string(HttpUrl::parse(server_.url())->port());
  use({.trust = {.ca_file = TlsServer::certificate_file()},
       .resolve = {"other.test:" + port + ":127.0.0.1"}});
  EXPECT_THAT(failure(post("https://other.test:" + port + "/", "x")),
              IsFailure(ErrorKind::denied, has_not_acted));
}

TEST_F(Https, SaysWhichVariablesToCheckWhenTheAuthoritysFileIsMissing) {
  use({.trust = {.ca_file = "/nonexistent/ca.pem"}});
  const HttpFailure result = failure(post(server_.url(), "x"));
  EXPECT_THAT(result, IsFailure(ErrorKind::denied, has_not_acted));
  EXPECT_THAT(result.error.hint, HasSubstr("CURL_CA_BUNDLE"));
}

TEST_F(Https, StreamsOverTls) {
  use({.trust = {.ca_file = TlsServer::certificate_file()}});
  std::string got;
  HttpRequest request = get(server_.url());
  request.on_body = [&](std::string_view piece) -> Result<void> {
    got += piece;
    return {};
  };
  EXPECT_EQ(response(request).status, 200);
  EXPECT_THAT(got, HasSubstr("TLSv1.3"));
}

}  // namespace
}  // namespace deed
