#include "deed/core/checked.hpp"

#include "deed/core/text.hpp"
#include "deed/tests/fakes/matchers.hpp"

#include <random>

namespace deed {
namespace {

using testing::HasSubstr;
using testing::Not;

// A text in which one of `pieces` stands beside another by chance.
std::string mixed(std::mt19937& random, const std::vector<std::string>& pieces, std::size_t most) {
  std::string text;
  for (auto n = random() % (most + 1); n > 0; --n) text += pieces[random() % pieces.size()];
  return text;
}

// ---- EmailAddress

TEST(EmailAddress, KeepsAPlainAddressAndItsParts) {
  for (const char* text :
       {"ann@example.org", "a.b+c@x", "o'neil@mail.example.co.uk", "grüße@exämple.org", "x@1.de"}) {
    const auto address = EmailAddress::parse(text);
    ASSERT_OK(address) << text;
    EXPECT_EQ(address->text(), text);
    EXPECT_EQ(std::string(address->local()) + "@" + std::string(address->domain()), text);
  }
  EXPECT_TRUE(EmailAddress::parse("ann@example.org")->is_ascii());
  EXPECT_FALSE(EmailAddress::parse("grüße@example.org")->is_ascii());
}

TEST(EmailAddress, RefusesEveryControlCharacterAtEveryPlace) {
  const std::string good = "ann@example.org";
  for (int c = 0; c < 256; ++c) {
    if (c >= 0x20 && c != 0x7F) continue;
    for (std::size_t at = 0; at <= good.size(); ++at) {
      std::string text = good;
      text.insert(at, 1, static_cast<char>(c));
      ASSERT_THAT(EmailAddress::parse(text),
                  IsError(ErrorKind::invalid, HasSubstr("control character")))
          << c << " at " << at;
    }
  }
}

TEST(EmailAddress, ShowsALineBreakInAMessageAsAnEscape) {
  const auto address = EmailAddress::parse("ann@example.org\r\nBcc: eve@example.org");
  ASSERT_FALSE(address);
  EXPECT_THAT(address.error().where, HasSubstr("\\r\\nBcc"));
  EXPECT_FALSE(has_control_characters(to_string(address.error())));
}

TEST(EmailAddress, RefusesWhatIsNotOneMailbox) {
  for (const char* text : {"",
                           "@",
                           "ann",
                           "ann@",
                           "@example.org",
                           "Ann <ann@example.org>",
                           "ann@example.org,bob@example.org",
                           "ann@@example.org",
                           "ann@exa mple.org",
                           " ann@example.org",
                           ".ann@example.org",
                           "ann.@example.org",
                           "a..b@example.org",
                           "ann@example..org",
                           "ann@.org",
                           "ann@example.org.",
                           "ann@-x.org",
                           "ann@x-.org",
                           "ann@[127.0.0.1]",
                           "\"a b\"@example.org",
                           "ann@example_x.org",
                           "ann@exam\xFFple.org"}) {
    EXPECT_THAT(EmailAddress::parse(text), IsError(ErrorKind::invalid)) << text;
  }
}

TEST(EmailAddress, RefusesCharactersThatNobodySees) {
  for (const char* hidden :
       {"\u0085", "\u00A0", "\u200B", "\u202E", "\u2028", "\u2066", "\uFEFF"}) {
    EXPECT_THAT(EmailAddress::parse(std::string("ann") + hidden + "@example.org"),
                IsError(ErrorKind::invalid))
        << hidden;
    EXPECT_THAT(EmailAddress::parse(std::string("ann@exa") + hidden + "mple.org"),
                IsError(ErrorKind::invalid))
        << hidden;
  }
}

TEST(EmailAddress, HoldsTheLimitsOfRfc5321) {
  EXPECT_OK(EmailAddress::parse(std::string(64, 'a') + "@example.org"));
  EXPECT_THAT(EmailAddress::parse(std::string(65, 'a') + "@example.org"),
              IsError(ErrorKind::invalid));
  EXPECT_OK(EmailAddress::parse("a@" + std::string(63, 'b') + ".org"));
  EXPECT_THAT(EmailAddress::parse("a@" + std::string(64, 'b') + ".org"),
              IsError(ErrorKind::invalid));
  std::string domain = "b";
  while (domain.size() < 251) domain += ".b";
  EXPECT_OK(EmailAddress::parse("a@" + domain));
  EXPECT_THAT(EmailAddress::parse("abcd@" + domain), IsError(ErrorKind::invalid));
}

TEST(EmailAddress, NeverYieldsWhatAHeaderOrAnSmtpLineWouldReadAsMore) {
  std::mt19937 random(3);
  const std::vector<std::string> pieces = {"a",    "b.c", "@", "@",    "@x.org", "ann", ".",
                                           "\r\n", " ",   "<", ">",    ",",      ";",   ":",
                                           "\"",   "(",   "ä", "\xC3", "x.org",  "\\",  "-"};
  int accepted = 0;
  for (int i = 0; i < 50'000; ++i) {
    const auto address = EmailAddress::parse(mixed(random, pieces, 6));
    if (!address) continue;
    ++accepted;
    ASSERT_EQ(address->text().find_first_of("\r\n\t <>,;:\"()[]\\"), std::string::npos)
        << address->text();
    ASSERT_EQ(std::count(address->text().begin(), address->text().end(), '@'), 1)
        << address->text();
    ASSERT_TRUE(is_utf8(address->text()));
    ASSERT_OK(EmailAddress::parse(address->text()));
  }
  EXPECT_GT(accepted, 100);
}

// ---- HttpUrl

TEST(HttpUrl, TakesTheParts) {
  const auto url = HttpUrl::parse("HTTPS://Example.ORG:8443/a/b?q=1&u=http://x@y#part");
  ASSERT_OK(url);
  EXPECT_EQ(url->scheme(), "https");
  EXPECT_EQ(url->host(), "example.org");
  EXPECT_EQ(url->port(), 8443);
  EXPECT_EQ(url->target(), "/a/b?q=1&u=http://x@y");
  EXPECT_EQ(url->origin(), "https://example.org:8443");
  EXPECT_THAT(url->text(), Not(HasSubstr("#")));
}

TEST(HttpUrl, FillsInPortAndPath) {
  EXPECT_EQ(HttpUrl::parse("http://a.example")->port(), 80);
  EXPECT_EQ(HttpUrl::parse("https://a.example")->port(), 443);
  EXPECT_EQ(HttpUrl::parse("https://a.example?x")->target(), "/?x");
  EXPECT_EQ(HttpUrl::parse("https://a.example#x")->target(), "/");
  const auto v6 = HttpUrl::parse("http://[2001:DB8::1]:8080/");
  ASSERT_OK(v6);
  EXPECT_EQ(v6->host(), "2001:db8::1");
  EXPECT_EQ(v6->origin(), "http://[2001:db8::1]:8080");
}

TEST(HttpUrl, RefusesWhatIsNotAPlainWebAddress) {
  for (const char* text : {"",
                           "example.org",
                           "/a",
                           "//example.org",
                           "ftp://example.org",
                           "file:///etc/passwd",
                           "javascript:alert('http://x')",
                           "http://",
                           "http:///a",
                           "http://?x",
                           "http://:80/",
                           "http://u@example.org/",
                           "http://u:p@example.org/",
                           "http://example.org:0/",
                           "http://example.org:65536/",
                           "http://example.org:8x/",
                           "http://example.org:-1/",
                           "http://exa mple.org",
                           "http://example.org/a b",
                           "http://example.org\\@x.org/",
                           "http://example.org/\r\nHost: x",
                           "http://[::1/",
                           "http://[::1]x/",
                           "http://[1.2.3.4]/",
                           "http://[:::]/",
                           "http://[::1%25eth0]/",
                           "http://a..b/",
                           "http://./",
                           "http://.a/",
                           "http://exa%6dple.org/",
                           "http://example.org/\xFF",
                           "http://a\u202Eb.org/"}) {
    EXPECT_THAT(HttpUrl::parse(text), IsError(ErrorKind::invalid)) << text;
  }
  EXPECT_THAT(HttpUrl::parse("http://a/" + std::string(8192, 'a')),
              IsError(ErrorKind::invalid, HasSubstr("8,192")));
}

TEST(HttpUrl, NeverYieldsWhatARequestLineWouldReadAsMoreAndIsStable) {
  std::mt19937 random(4);
  const std::vector<std::string> pieces = {"http://", "https://", "a", "b.c", "/",     "?",
                                           "#",       "@",        ":", "80",  "[::1]", "\r\n",
                                           " ",       "%0d",      "ä", "\\",  "..",    "."};
  int accepted = 0;
  for (int i = 0; i < 50'000; ++i) {
    const auto url = HttpUrl::parse("http://" + mixed(random, pieces, 8));
    if (!url) continue;
    ++accepted;
    ASSERT_FALSE(has_control_characters(url->text()) || url->text().find(' ') != std::string::npos)
        << url->text();
    ASSERT_TRUE(url->target().starts_with("/")) << url->text();
    ASSERT_NE(url->port(), 0);
    ASSERT_EQ(url->host().find_first_of("/@?#\\"), std::string::npos) << url->text();
    const auto again = HttpUrl::parse(url->text());
    ASSERT_OK(again) << url->text();
    ASSERT_EQ(again->text(), url->text());
    ASSERT_EQ(again->origin(), url->origin());
    ASSERT_EQ(again->target(), url->target());
  }
  EXPECT_GT(accepted, 1000);
}

// ---- RelativePath

TEST(RelativePath, BringsPathsIntoNormalForm) {
  EXPECT_EQ(RelativePath::parse("a/./b//c/")->text(), "a/b/c");
  EXPECT_EQ(RelativePath::parse("a/../b")->text(), "b");
  for (const char* root : {"", ".", "./", "a/..", "a/b/../.."}) {
    const auto path = RelativePath::parse(root);
    ASSERT_OK(path) << root;
    EXPECT_EQ(path->text(), ".") << root;
    EXPECT_TRUE(path->is_root());
  }
}

TEST(RelativePath, RefusesToLeaveTheRoot) {
  for (const char* text :
       {"/", "/etc/passwd", "//a", "..", "../a", "a/../..", "a/../../a", "./../a"}) {
    EXPECT_THAT(RelativePath::parse(text), IsError(ErrorKind::denied)) << text;
  }
}

TEST(RelativePath, RefusesControlCharactersAndExcess) {
  EXPECT_THAT(RelativePath::parse(std::string_view("a\0b", 3)), IsError(ErrorKind::invalid));
  EXPECT_THAT(RelativePath::parse("a\nb"), IsError(ErrorKind::invalid, HasSubstr("\\n")));
  EXPECT_OK(RelativePath::parse("a\xFF")) << "a name of the file system is bytes";
  EXPECT_OK(RelativePath::parse(std::string(4096, 'a')));
  EXPECT_THAT(RelativePath::parse(std::string(4097, 'a')), IsError(ErrorKind::invalid));
}

TEST(RelativePath, NamesItsLastPartAndItsParent) {
  const auto path = RelativePath::parse("a/b/c.txt");
  ASSERT_OK(path);
  EXPECT_EQ(path->name(), "c.txt");
  EXPECT_EQ(path->parent().text(), "a/b");
  EXPECT_EQ(path->parent().parent().parent().text(), ".");
  EXPECT_EQ(path->parent().parent().parent().parent().text(), ".");
}

// Where the kernel would end up, counted without the parser: the depth below the root, or none once
// it has been left.
std::optional<int> depth_walked(std::string_view text) {
  int depth = 0;
  for (const std::string_view part : split(text, '/')) {
    if (part == "..")
      --depth;
    else if (!part.empty() && part != ".")
      ++depth;
    if (depth < 0) return std::nullopt;
  }
  return depth;
}

TEST(RelativePath, NeverYieldsAPathThatLeavesTheRoot) {
  std::mt19937 random(5);
  const std::vector<std::string> pieces = {"a", "..", ".",  "/", "/", "...",
                                           "b", "~",  "\\", " ", "ä", "\n"};
  int accepted = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string text = mixed(random, pieces, 10);
    const auto path = RelativePath::parse(text);
    if (!path) {
      ASSERT_TRUE(text.starts_with('/') || text.find('\n') != std::string::npos ||
                  !depth_walked(text))
          << text;
      continue;
    }
    ++accepted;
    ASSERT_EQ(RelativePath::parse(path->text())->text(), path->text()) << "normal form is stable";
    ASSERT_FALSE(path->text().starts_with('/'));
    const auto parts = split(path->text(), '/');
    ASSERT_EQ(depth_walked(text), path->is_root() ? 0 : static_cast<int>(parts.size()))
        << text << " became " << path->text();
    for (const std::string_view part : parts) {
      ASSERT_NE(part, "..") << text;
      ASSERT_FALSE(part.empty()) << text;
    }
  }
  EXPECT_GT(accepted, 1000);
}

// ---- escaped

TEST(Escaped, ShowsControlCharactersAndCutsLongTexts) {
  EXPECT_EQ(escaped("a\r\n\t\x1b\x7f"), "a\\r\\n\\t\\x1b\\x7f");
  EXPECT_EQ(escaped("a\xFF"), "a\uFFFD");
  EXPECT_EQ(escaped("a\u202Eb\u0085ü\U0001F600"), "a\\u{202e}b\\u{85}ü\U0001F600");
  EXPECT_EQ(escaped(std::string(300, 'a')), std::string(200, 'a') + "…");
}

TEST(Escaped, NeverYieldsControlCharactersOrBadUtf8) {
  std::mt19937 random(6);
  for (int i = 0; i < 5'000; ++i) {
    std::string text;
    for (auto n = random() % 300; n > 0; --n) text += static_cast<char>(random());
    const std::string out = escaped(text);
    ASSERT_FALSE(has_control_characters(out));
    ASSERT_TRUE(is_utf8(out));
  }
}

}  // namespace
}  // namespace deed
