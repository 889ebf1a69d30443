#include "deed/tests/fakes/bytes.hpp"
#include "deed/tools/mail_message.hpp"

#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/tools/mail_reader.hpp"
#include "deed/tests/tools/tool_doubles.hpp"

#include <clocale>
#include <cstdlib>
#include <random>
#include <spawn.h>
#include <sys/wait.h>

namespace deed {
namespace {

using mail_reader::decode_words;
using mail_reader::Part;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

EmailAddress address(std::string_view text) { return EmailAddress::parse(text).value(); }

MailContent plain_mail() {
  return {.from = address("deed@example.org"),
          .to = {address("ann@example.org")},
          .subject = "Hello",
          .text = "Hi Ann\n"};
}

std::string built(const MailContent& content) {
  auto bytes = build_mail(content, call_key(), FixedClock().now());
  EXPECT_OK(bytes);
  return all_of(bytes.value_or(nullptr));
}

// What every relay is promised.
void expect_sound(const std::string& mail) {
  std::size_t line = 0;
  for (std::size_t i = 0; i < mail.size(); ++i) {
    ASSERT_LT(static_cast<unsigned char>(mail[i]), 0x80) << "not ASCII at " << i;
    ASSERT_NE(mail[i], '\0');
    if (mail[i] == '\r') {
      ASSERT_EQ(mail[i + 1], '\n') << "a bare CR at " << i;
    } else if (mail[i] == '\n') {
      ASSERT_TRUE(i > 0 && mail[i - 1] == '\r') << "a bare LF at " << i;
      line = 0;
    } else {
      ASSERT_LE(++line, 998u);
    }
  }
  ASSERT_TRUE(mail.ends_with("\r\n"));
}

Part sound_part(const MailContent& content) {
  const std::string mail = built(content);
  expect_sound(mail);
  return mail_reader::read(mail);
}

std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

TEST(MailMessage, HasTheHeadersOfAMail) {
  MailContent content = plain_mail();
  content.to.push_back(address("bob@example.org"));
  content.cc = {address("cy@example.org")};
  const Part mail = sound_part(content);
  EXPECT_EQ(mail.header("from"), "deed@example.org");
  EXPECT_EQ(mail.header("to"), "ann@example.org, bob@example.org");
  EXPECT_EQ(mail.header("cc"), "cy@example.org");
  EXPECT_EQ(mail.header("subject"), "Hello");
  EXPECT_EQ(mail.header("date"), "Tue, 24 Nov 2026 21:35:38 +0000");
  EXPECT_EQ(mail.header("message-id"), "<" + call_key().substr(0, 32) + "@example.org>");
  EXPECT_EQ(mail.header("mime-version"), "1.0");
  EXPECT_EQ(mail.type, "text/plain");
  EXPECT_EQ(mail.charset, "utf-8");
  EXPECT_EQ(mail.body, "Hi Ann\r\n");
}

TEST(MailMessage, LeavesOutCcWhereThereIsNone) {
  EXPECT_EQ(sound_part(plain_mail()).header("cc"), "<none>");
}

TEST(MailMessage, KeepsManyRecipientsOnShortLines) {
  MailContent content = plain_mail();
  for (int i = 0; i < 100; ++i) {
    content.to.push_back(address("someone." + std::to_string(i) + "@mail.example.org"));
  }
  const Part mail = sound_part(content);
  EXPECT_EQ(split(mail.header("to"), ',').size(), 101u);
}

class MailSubject : public testing::TestWithParam<const char*> {};

TEST_P(MailSubject, IsReadBackAsTyped) {
  MailContent content = plain_mail();
  content.subject = GetParam();
  const std::string mail = built(content);
  expect_sound(mail);
  EXPECT_EQ(decode_words(mail_reader::read(mail).header("subject")), content.subject);
  const std::string headers = mail.substr(0, mail.find("\r\n\r\n"));
  for (const std::string_view line : split(headers, '\n')) {
    EXPECT_LE(line.size(), 78u) << line;
    EXPECT_FALSE(trim(line).empty()) << "a line of blanks ends the headers";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Scripts, MailSubject,
    testing::Values(
        "", "Invoice 42", "Grüße aus Köln", "Счёт № 42 за ноябрь", "請求書を送付いたします",
        "حساب الشهر", "ใบแจ้งหนี้", "चालान संख्या ४२", "👩‍👩‍👧‍👦 family 🎉",
        "ASCII, then Ж, then ASCII again, and long enough that it must be folded somewhere",
        "счёт счёт счёт счёт счёт счёт счёт счёт счёт счёт счёт счёт счёт счёт счёт счёт счёт",
        "a plain subject of many words that is much longer than a line of a mail should ever be",
        "=?utf-8?Q?x?=", "=?utf-8?Q?x?= and Ж", "half =?utf-8?Q?", " blank in front",
        "blank behind ", "two  blanks", "   ", "a \"quoted\" <thing>, (comment); \\ and @",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAAAAAAAAAAAAAAAAAAAAAAA"));

TEST(MailMessage, ShowsAnOrdinarySubjectUnencoded) {
  EXPECT_THAT(built(plain_mail()), HasSubstr("\r\nSubject: Hello\r\n"));
}

TEST(MailMessage, ReadsAnySubjectBackAsTyped) {
  std::mt19937 random(7);
  const std::vector<std::string> atoms = {"a",
                                          "word",
                                          " ",
                                          "  ",
                                          "=?",
                                          "?=",
                                          "=",
                                          "?",
                                          "_",
                                          "Ж",
                                          "語",
                                          "🎉",
                                          "\"",
                                          "é",
                                          ":",
                                          ",",
                                          "<",
                                          "\\",
                                          "ab=?utf-8?B?eA==?="};
  for (int round = 0; round < 500; ++round) {
    MailContent content = plain_mail();
    for (std::size_t n = random() % 60; n > 0; --n)
      content.subject += atoms[random() % atoms.size()];
    const Part mail = sound_part(content);
    ASSERT_EQ(decode_words(mail.header("subject")), content.subject);
  }
}

TEST(MailMessage, ReadsAnyTextBackWithCrlf) {
  const std::string long_line(5000, 'x');
  for (const std::string& text :
       {std::string("plain\n"), std::string("Grüße\nЖ\n"), long_line + "\n",
        std::string("trailing blanks  \nFrom here\n.\n..dot\n"), std::string("tab\there\n"),
        std::string("\x1b[31mred\x7f\n"), std::string("\n\n\n"),
        "--=_mixed_" + call_key().substr(0, 24) + "\n", "a\n--=_alternative_" + call_key() + "--\nb\n"}) {
    MailContent content = plain_mail();
    content.text = text;
    content.html = "<p>" + text + "</p>\n";
    content.attachments = {{"a.bin", "x"}};
    const Part mail = sound_part(content);
    ASSERT_EQ(mail.parts.size(), 2u) << text;
    ASSERT_EQ(mail.parts[0].parts.size(), 2u) << text;
    EXPECT_EQ(mail.parts[0].parts[0].body, with_crlf(text));
    EXPECT_EQ(mail.parts[0].parts[1].body, with_crlf(content.html));
  }
}

TEST(MailMessage, TakesAllLineEndsAndEndsTheLastLine) {
  MailContent content = plain_mail();
  content.text = "one\r\ntwo\rthree\nfour";
  EXPECT_EQ(sound_part(content).body, "one\r\ntwo\r\nthree\r\nfour\r\n");
}

TEST(MailMessage, OffersHtmlAsTheBetterAlternative) {
  MailContent content = plain_mail();
  content.html = "<p>Hi</p>";
  const Part mail = sound_part(content);
  EXPECT_EQ(mail.type, "multipart/alternative");
  ASSERT_EQ(mail.parts.size(), 2u);
  EXPECT_EQ(mail.parts[0].type, "text/plain");
  EXPECT_EQ(mail.parts[1].type, "text/html");
}

TEST(MailMessage, CarriesAttachmentsByteForByteUnderTheirNames) {
  std::string all_bytes;
  for (int i = 0; i < 70'000; ++i) all_bytes += static_cast<char>(i * 7 + i / 256);
  MailContent content = plain_mail();
  content.attachments = {{"report.pdf", all_bytes},
                         {"Счёт.pdf", std::string("\0\r\n.\r\n", 6)},
                         {"empty.txt", ""},
                         {"note.txt", "Grüße\n"},
                         {"a \"b\"; c.zip", "\xff\xfe"},
                         {std::string(200, 'n') + ".png", "png"},
                         {"請求書" + std::string(120, 'x') + "🎉.docx", "docx"}};
  const Part mail = sound_part(content);
  EXPECT_EQ(mail.type, "multipart/mixed");
  ASSERT_EQ(mail.parts.size(), content.attachments.size() + 1);
  for (std::size_t i = 0; i < content.attachments.size(); ++i) {
    const Part& part = mail.parts[i + 1];
    EXPECT_EQ(part.filename, content.attachments[i].name);
    EXPECT_TRUE(part.body == all_of(content.attachments[i].bytes)) << part.filename;
    EXPECT_EQ(part.disposition, "attachment");
  }
  EXPECT_EQ(mail.parts[1].type, "application/pdf");
  EXPECT_EQ(mail.parts[4].charset, "utf-8");
}

TEST(MailMessage, RefusesALineBreakInTheSubject) {
  for (const std::string& bad :
       {std::string("a\r\nBcc: eve@example.net"), std::string("a\nb"), std::string("a\rb"),
        std::string("a\0b", 3), std::string("a\tb")}) {
    MailContent content = plain_mail();
    content.subject = bad;
    EXPECT_THAT(build_mail(content, call_key(), FixedClock().now()),
                IsError(ErrorKind::invalid, AllOf(HasSubstr("subject"), Not(HasSubstr("\n")))));
  }
}

TEST(MailMessage, RefusesALineBreakInAFileName) {
  for (const char* bad : {"a\r\nX: y.txt", "a\n.txt", "", "\xff.txt"}) {
    MailContent content = plain_mail();
    content.attachments = {{bad, "x"}};
    EXPECT_THAT(build_mail(content, call_key(), FixedClock().now()),
                IsError(ErrorKind::invalid, HasSubstr("attachment")));
  }
}

TEST(MailMessage, RefusesTextThatIsNoText) {
  MailContent content = plain_mail();
  content.text = "\xff";
  EXPECT_THAT(build_mail(content, call_key(), FixedClock().now()),
              IsError(ErrorKind::invalid, HasSubstr("UTF-8")));
  content.text = std::string("a\0b", 3);
  EXPECT_THAT(build_mail(content, call_key(), FixedClock().now()),
              IsError(ErrorKind::invalid, HasSubstr("NUL")));
}

TEST(MailMessage, WritesADomainBeyondAsciiInItsAsciiForm) {
  MailContent content = plain_mail();
  content.from = address("deed@bücher.example");
  content.to = {address("ann@почта.example")};
  const Part mail = sound_part(content);
  EXPECT_EQ(mail.header("from"), "deed@xn--bcher-kva.example");
  EXPECT_EQ(mail.header("to"), "ann@xn--80a1acny.example");
  EXPECT_EQ(mail.header("message-id"), "<" + call_key().substr(0, 32) + "@xn--bcher-kva.example>");
}

TEST(MailMessage, KeepsALocalPartBeyondAsciiAsItIs) {
  MailContent content = plain_mail();
  content.to = {address("jürgen@bücher.example")};
  EXPECT_THAT(built(content), HasSubstr("\r\nTo: jürgen@xn--bcher-kva.example\r\n"));
}

TEST(MailMessage, GivesAnAsciiIdToASenderWhoseDomainHasNoAsciiForm) {
  // IDNA refuses a label that begins with a combining accent.
  const std::string id = mail_message_id(address("a@\u0301b.example"), call_key());
  EXPECT_EQ(id, "<" + call_key().substr(0, 32) + "@deed.invalid>");
  for (const char c : id) EXPECT_LT(static_cast<unsigned char>(c), 0x80) << id;
}

// Journals hold the hashes of previews that were approved: what was made before the newer fields
// came is made the same way for ever.
TEST(MailMessage, MakesTheSameBytesAsEarlierVersions) {
  const auto kept = [](const std::string& name) {
    std::ifstream in(std::string(DEED_SOURCE_DIR) + "/tests/data/mail/" + name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_EQ(built(plain_mail()), kept("plain.eml"));
  MailContent rich = plain_mail();
  rich.from = address("deed@bücher.example");
  rich.to.push_back(address("bob@example.org"));
  rich.cc = {address("cy@example.org")};
  rich.subject = "Grüße и счёт № 42 за ноябрь";
  rich.text = "Grüße\n.\ntrailing  \n" + std::string(1200, 'x') + "\n";
  rich.html = "<p>Grüße, acid: 5</p>";
  rich.attachments = {{"Счёт.pdf", std::string("\0\r\n.\r\n", 6)},
                      {"note.txt", "Grüße\n"},
                      {"a \"b\"; c.zip", "\xff\xfe"},
                      {"plan.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"},
                      {"logo.png", "png"}};
  EXPECT_EQ(built(rich), kept("rich.eml"));
}

TEST(MailMessage, SaysWhatItAnswersWhoMadeItAndWhereToLeave) {
  MailContent content = plain_mail();
  content.from_name = "Ann's Shop, Ltd.";
  content.reply_to = {address("help@example.org"), address("ann@bücher.example")};
  content.in_reply_to = "<2@x.org>";
  content.references = {"<1@x.org>"};
  content.auto_submitted = AutoSubmitted::auto_replied;
  content.unsubscribe = "https://example.org/leave";
  const Part mail = sound_part(content);
  EXPECT_EQ(mail.header("from"), "\"Ann's Shop, Ltd.\" <deed@example.org>");
  EXPECT_EQ(mail.header("reply-to"), "help@example.org, ann@xn--bcher-kva.example");
  EXPECT_EQ(mail.header("in-reply-to"), "<2@x.org>");
  EXPECT_EQ(mail.header("references"), "<1@x.org> <2@x.org>");
  EXPECT_EQ(mail.header("auto-submitted"), "auto-replied");
  EXPECT_EQ(mail.header("list-unsubscribe"), "<https://example.org/leave>");
  EXPECT_EQ(mail.header("list-unsubscribe-post"), "List-Unsubscribe=One-Click");
}

TEST(MailMessage, RefusesHeadersThatAreNone) {
  MailContent named = plain_mail(), answering = plain_mail(), threaded = plain_mail(),
              leaving = plain_mail();
  named.from_name = "a\r\nBcc: eve@example.net";
  answering.in_reply_to = "<a@b>\r\nBcc: eve@example.net";
  threaded.references = {"<a@b>", "c"};
  leaving.unsubscribe = "http://example.org";
  for (const MailContent& content : {named, answering, threaded, leaving}) {
    EXPECT_THAT(build_mail(content, call_key(), FixedClock().now()), IsError(ErrorKind::invalid));
  }
}

TEST(MailMessage, ChangesItsIdAndBoundariesWithTheKeyOnly) {
  MailContent content = plain_mail();
  content.attachments = {{"a.bin", "x"}};
  const std::string first = built(content);
  EXPECT_EQ(first, built(content));
  std::string other = all_of(build_mail(content, sha256_hex("call 2"), FixedClock().now()).value());
  for (std::size_t at;
       (at = other.find(sha256_hex("call 2").substr(0, 24))) != std::string::npos;) {
    other.replace(at, 24, call_key().substr(0, 24));
  }
  other.replace(other.find(sha256_hex("call 2").substr(24, 8)), 8, call_key().substr(24, 8));
  EXPECT_EQ(other, first);
}

// Runs this very test in a process of its own, which has no GMime state and another locale.
std::string built_elsewhere(const char* locale, const std::string& out) {
  std::string lc_all = std::string("LC_ALL=") + locale;
  std::string lang = std::string("LANG=") + locale;
  std::string path = "DEED_TEST_MAIL_OUT=" + out;
  std::string program = "/proc/self/exe";
  std::string filter = "--gtest_filter=MailMessage.IsTheSameInEveryProcessAndLocale";
  std::string brief = "--gtest_brief=1";
  char* arguments[] = {program.data(), filter.data(), brief.data(), nullptr};
  char* environment[] = {lc_all.data(), lang.data(), path.data(), nullptr};
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, arguments, environment), 0);
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  std::ifstream in(out, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

TEST(MailMessage, IsTheSameInEveryProcessAndLocale) {
  MailContent content = plain_mail();
  content.subject = "Счёт";
  content.text = "Grüße, Жанна\n";
  content.html = "<p>Grüße</p>";
  content.attachments = {{"Счёт.pdf", "x"}, {"Grüße.txt", "Ж"}, {"a;b.txt", "y"}};
  if (const char* out = std::getenv("DEED_TEST_MAIL_OUT")) {
    std::setlocale(LC_ALL, "");
    std::ofstream(out, std::ios::binary) << built(content);
    return;
  }
  const TempFolder folder;
  const std::string here = built(content);
  EXPECT_EQ(built_elsewhere("C", folder.at("c")), here);
  EXPECT_EQ(built_elsewhere("C.UTF-8", folder.at("utf8")), here);
  EXPECT_EQ(built_elsewhere("ru_RU.UTF-8", folder.at("ru")), here);
  EXPECT_EQ(built_elsewhere("ru_RU.KOI8-R", folder.at("koi8")), here);
  EXPECT_EQ(built_elsewhere("ja_JP.eucJP", folder.at("ja")), here);
}

}  // namespace
}  // namespace deed
