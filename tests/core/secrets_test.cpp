#include "deed/core/secrets.hpp"

#include "deed/core/json.hpp"
#include "deed/tests/fakes/matchers.hpp"

#include <openssl/evp.h>
#include <random>

namespace deed {
namespace {

using testing::HasSubstr;
using testing::Not;

Redactor redactor_of(const std::string& value) {
  Redactor redactor;
  redactor.add(Secret(value));
  return redactor;
}

// libcrypto's encoder: nothing of ours.
std::string libcrypto_base64(const std::string& bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  out.resize(static_cast<std::size_t>(EVP_EncodeBlock(
      reinterpret_cast<unsigned char*>(out.data()),
      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()))));
  return out;
}
std::string libcrypto_unbase64(std::string text) {
  text.resize((text.size() + 3) / 4 * 4, 'A');
  std::string out(text.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  return size > 0 ? out.substr(0, static_cast<std::size_t>(size)) : "";
}

TEST(Redactor, BlacksOutTheValueWhereverItStands) {
  const Redactor redactor = redactor_of("hunter2!");
  EXPECT_EQ(redactor.redact("hunter2!"), "[secret]");
  EXPECT_EQ(redactor.redact("a hunter2!hunter2! b"), "a [secret][secret] b");
  EXPECT_EQ(redactor.redact("hunter2"), "hunter2");
  EXPECT_TRUE(redactor.finds("xhunter2!x"));
  EXPECT_FALSE(redactor.finds("hunter"));
}

TEST(Redactor, KnowsWhatJsonAndUrlsMakeOfIt) {
  const std::string value = "p\"a\\s s/é\n";
  const Redactor redactor = redactor_of(value);
  const std::string once = to_text(Json(value)), twice = to_text(Json(once));
  EXPECT_EQ(redactor.redact(once), "\"[secret]\"");
  EXPECT_EQ(redactor.redact(twice), R"("\"[secret]\"")") << "JSON as a text in JSON";
  EXPECT_EQ(redactor.redact(Json(value).dump(-1, ' ', true)), "\"[secret]\"")
      << "other letters as \\u";
  EXPECT_EQ(redactor.redact("/login?p=p%22a%5Cs%20s%2F%C3%A9%0A&x"), "/login?p=[secret]&x");
  EXPECT_EQ(redactor.redact("p=p%22a%5cs%20s%2f%c3%a9%0a"), "p=[secret]");
  EXPECT_EQ(redactor.redact("p=p%22a%5Cs+s%2F%C3%A9%0A"), "p=[secret]") << "of a form";
}

TEST(Redactor, LeavesNothingOfASecretThatWasEncodedInBase64WithItsNeighbours) {
  std::mt19937 random(7);
  for (int i = 0; i < 3'000; ++i) {
    std::string secret;
    for (auto n = 6 + random() % 20; n > 0; --n) secret += static_cast<char>('!' + random() % 94);
    const Redactor redactor = redactor_of(secret);
    const std::string user(random() % 5, 'u'), rest(random() % 5, 'r');
    const std::string encoded = libcrypto_base64(user + secret + rest);
    const std::string clean = redactor.redact("Basic " + encoded);
    ASSERT_THAT(clean, HasSubstr("[secret]")) << user << secret << rest << " " << encoded;
    // What is left in front of and behind the mark decodes to two bytes of it at most.
    const std::size_t mark = clean.find("[secret]");
    const std::string head = libcrypto_unbase64(clean.substr(6, mark - 6));
    ASSERT_LE(head.size(), user.size() + 3) << clean;
    ASSERT_LE(clean.size() - mark - 8, (rest.size() + 2 + 2) / 3 * 4 + 1) << clean;
  }
}

TEST(Redactor, KnowsTheUrlAlphabetOfBase64) {
  const std::string secret = "\xFF\xFE\xFD\xFC\xFB\xFA\xF9\xF8";
  std::string encoded = libcrypto_base64(secret);
  for (char& c : encoded) c = c == '+' ? '-' : c == '/' ? '_' : c;
  EXPECT_THAT(encoded, testing::ContainsRegex("[-_]"));
  EXPECT_THAT(redactor_of(secret).redact(encoded), HasSubstr("[secret]"));
}

TEST(Redactor, TakesTheLongerOfTwoSecretsThatBeginAlike) {
  Redactor redactor;
  redactor.add(Secret("abcdef"));
  redactor.add(Secret("abcdefghi"));
  EXPECT_EQ(redactor.redact("abcdefghi abcdef"), "[secret] [secret]");
}

TEST(Redactor, DoesNotAddValuesThatWouldBlackOutOrdinaryText) {
  const Redactor redactor = redactor_of("hello");
  EXPECT_TRUE(redactor.empty());
  EXPECT_EQ(redactor.redact("hello"), "hello");
}

TEST(Redactor, EndsOnASecretThatIsAPartOfTheMark) {
  const std::string clean = redactor_of("secret").redact("a secret in a secret");
  EXPECT_EQ(clean, "a [secret] in a [secret]");
}

TEST(Redactor, LeavesNoSecretInAnyText) {
  std::mt19937 random(8);
  const std::vector<std::string> secrets = {"alpha-1", "alpha-12", "pha-12x", "ööööö"};
  Redactor redactor;
  for (const std::string& secret : secrets) redactor.add(Secret(secret));
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (auto n = random() % 6; n > 0; --n)
      text += random() % 3 == 0 ? std::string(1, "ax-1"[random() % 4])
                                : secrets[random() % secrets.size()];
    const std::string clean = redactor.redact(text);
    for (const std::string& secret : secrets) ASSERT_THAT(clean, Not(HasSubstr(secret))) << text;
  }
}

TEST(Secret, SaysOnlyWhetherItIsThere) {
  EXPECT_TRUE(Secret().empty());
  EXPECT_FALSE(Secret("x").empty());
  EXPECT_EQ(Secret("x").reveal(), "x");
}

}  // namespace
}  // namespace deed
