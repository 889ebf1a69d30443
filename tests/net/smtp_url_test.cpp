#include "deed/net/smtp.hpp"
#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::HasSubstr;
using testing::Not;

SmtpServer server(std::string_view url) {
  Result<SmtpServer> parsed = SmtpServer::parse(url);
  EXPECT_OK(parsed);
  return parsed.value_or({});
}

TEST(SmtpUrl, ChoosesSecurityAndPortByScheme) {
  EXPECT_EQ(server("smtp://mail.example.org").security, SmtpSecurity::starttls);
  EXPECT_EQ(server("smtp://mail.example.org").port, 587);
  EXPECT_EQ(server("SMTPS://mail.example.org").security, SmtpSecurity::tls);
  EXPECT_EQ(server("smtps://mail.example.org").port, 465);
  EXPECT_EQ(server("smtp+insecure://mail.example.org/").security, SmtpSecurity::none);
  EXPECT_EQ(server("smtp+insecure://mail.example.org").port, 25);
}

TEST(SmtpUrl, TakesHostAndPort) {
  EXPECT_EQ(server("smtp://MAIL.example.org:2525").host, "mail.example.org");
  EXPECT_EQ(server("smtp://MAIL.example.org:2525").port, 2525);
  EXPECT_EQ(server("smtp://[::1]:2525").host, "::1");
  EXPECT_EQ(server("smtp://[::1]").port, 587);
}

TEST(SmtpUrl, DecodesUserAndPassword) {
  const SmtpServer got = server("smtps://ann@example.org:p%40s%3As%25@mail.example.org");
  EXPECT_EQ(got.user, "ann@example.org");
  EXPECT_EQ(got.password.reveal(), "p@s:s%");
  EXPECT_EQ(got.host, "mail.example.org");
  EXPECT_EQ(server("smtp://ann@localhost").user, "ann");
  EXPECT_TRUE(server("smtp://ann@localhost").password.empty());
}

class BadSmtpUrl : public testing::TestWithParam<const char*> {};
TEST_P(BadSmtpUrl, IsInvalidAndSaysWhatToGive) {
  EXPECT_THAT(SmtpServer::parse(GetParam()), IsError(ErrorKind::invalid, HasSubstr("smtps://")));
}
INSTANTIATE_TEST_SUITE_P(Texts, BadSmtpUrl,
                         testing::Values("", "mail.example.org", "http://a", "smtp:a", "smtp://",
                                         "smtp://:25", "smtp://a:", "smtp://a:0", "smtp://a:65536",
                                         "smtp://a:25x", "smtp://a/b", "smtp://a?b", "smtp://a#b",
                                         "smtp://a b", "smtp://a\r\nRSET", "smtp://u%0d:p@a",
                                         "smtp://u:%0A@a", "smtp://u:%00@a", "smtp://u:%4@a",
                                         "smtp://:p@a", "smtp://[::1", "smtp://[::1]25",
                                         "smtp://[a]:25", "smtp://[::1:25", "smtp://a_\xC3\xA4",
                                         "smtp://1:2:3"));

TEST(SmtpUrl, DoesNotShowThePasswordInAnError) {
  const Result<SmtpServer> got = SmtpServer::parse("smtp://ann:hunter22@host:notaport");
  ASSERT_FALSE(got);
  EXPECT_THAT(to_string(got.error()), Not(HasSubstr("hunter22")));
}

}  // namespace
}  // namespace deed
