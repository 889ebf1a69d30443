#include "deed/tools/received_mail.hpp"

#include "deed/core/base64.hpp"
#include "deed/core/text.hpp"
#include "deed/tests/fakes/matchers.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string crlf_of(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

ReceivedMail received(std::string_view bytes, const MailReadLimits& limits = {}) {
  auto mail = read_mail(bytes, limits);
  EXPECT_OK(mail);
  if (!mail) return {};
  EXPECT_TRUE(is_utf8(mail->text));
  EXPECT_EQ(mail->text.find('\r'), std::string::npos);
  EXPECT_EQ(mail->text.find('\0'), std::string::npos);
  return std::move(*mail);
}

std::string text_in(std::string_view header, std::string_view body) {
  return received(std::string(header) + "\n" + std::string(body)).text;
}

std::string notes_of(const ReceivedMail& mail) {
  std::string out;
  for (const std::string& note : mail.notes) out += note + "\n";
  return out;
}

std::vector<std::string> addresses_of(const std::vector<MailMailbox>& mailboxes) {
  std::vector<std::string> out;
  for (const MailMailbox& mailbox : mailboxes) out.push_back(mailbox.name + "|" + mailbox.address.text());
  return out;
}

std::string name_of_attachment(const std::string& disposition) {
  const ReceivedMail mail = received("Content-Type: application/pdf\nContent-Disposition: attachment; " + disposition + "\n\nx");
  EXPECT_EQ(mail.attachments.size(), 1u);
  return mail.attachments.empty() ? "" : mail.attachments[0].name;
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  out.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

// A mail that anyone can send costs little time, on a busy machine and with sanitizers, too.
template <class F>
void expect_quick(F read) {
  const auto begin = std::chrono::steady_clock::now();
  read();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

constexpr const char* letter =
    "From: Ann Example <ann@example.org>\n"
    "Sender: office@example.org\n"
    "Reply-To: Ann <ann.private@example.org>\n"
    "To: Bob <bob@example.net>, cy@example.net\n"
    "Cc: \"Doe, Jo\" <jo@example.com>\n"
    "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\n =?utf-8?B?IGF1cyBCZXJu?=\n"
    "Date: Tue, 24 Nov 2026 22:35:38 +0100\n"
    "Message-ID: <one@example.org>\n"
    "In-Reply-To: <zero@example.net>\n"
    "References: <first@example.net>\n\t<zero@example.net>\n"
    "MIME-Version: 1.0\n"
    "Content-Type: multipart/mixed; boundary=outer\n"
    "\n"
    "This is for old programs.\n"
    "--outer\n"
    "Content-Type: multipart/alternative; boundary=\"in ner\"\n"
    "\n"
    "--in ner\n"
    "Content-Type: text/plain; charset=iso-8859-1\n"
    "Content-Transfer-Encoding: quoted-printable\n"
    "\n"
    "Sch=F6ne Gr=FC=\n"
    "=DFe\n"
    "--in ner\n"
    "Content-Type: text/html\n"
    "\n"
    "<p>Other words\n"
    "--in ner--\n"
    "--outer\n"
    "Content-Type: application/pdf; name=other.pdf\n"
    "Content-Disposition: attachment; filename*=utf-8''B%C3%BCro.pdf\n"
    "Content-Transfer-Encoding: base64\n"
    "\n"
    "JVBERi0xLjQK\n"
    "--outer\n"
    "Content-Type: image/png\n"
    "Content-ID: <logo@example.org>\n"
    "\n"
    "png\n"
    "--outer--\n"
    "This, too.\n";

TEST(ReceivedMail, ReadsWhoWroteToWhomAndWhatItAnswers) {
  for (const std::string& bytes : {std::string(letter), crlf_of(letter), "From ann Tue Nov 24 2026\n" + std::string(letter)}) {
    const ReceivedMail mail = received(bytes);
    EXPECT_THAT(addresses_of(mail.from), ElementsAre("Ann Example|ann@example.org"));
    ASSERT_TRUE(mail.sender);
    EXPECT_EQ(mail.sender->address.text(), "office@example.org");
    EXPECT_THAT(addresses_of(mail.reply_to), ElementsAre("Ann|ann.private@example.org"));
    EXPECT_THAT(addresses_of(mail.to), ElementsAre("Bob|bob@example.net", "|cy@example.net"));
    EXPECT_THAT(addresses_of(mail.cc), ElementsAre("Doe, Jo|jo@example.com"));
    EXPECT_EQ(mail.subject, "Grüße aus Bern");
    ASSERT_TRUE(mail.date);
    EXPECT_EQ(to_iso8601(*mail.date), "2026-11-24T21:35:38.000Z");
    EXPECT_EQ(mail.message_id, "<one@example.org>");
    EXPECT_EQ(mail.in_reply_to, "<zero@example.net>");
    EXPECT_THAT(mail.references, ElementsAre("<first@example.net>", "<zero@example.net>"));
    EXPECT_FALSE(mail.is_automatic);
    EXPECT_THAT(mail.notes, IsEmpty());
  }
}

TEST(ReceivedMail, TakesThePlainTextOfAlternativesAndListsTheFiles) {
  const ReceivedMail mail = received(crlf_of(letter));
  EXPECT_EQ(mail.text, "Schöne Grüße");
  EXPECT_FALSE(mail.text_from_html);
  ASSERT_EQ(mail.attachments.size(), 2u);
  EXPECT_EQ(mail.attachments[0], (ReceivedAttachment{1, "Büro.pdf", "application/pdf", 9, "", false}));
  EXPECT_EQ(mail.attachments[1], (ReceivedAttachment{2, "attachment-2", "image/png", 3, "logo@example.org", true}));
}

TEST(ReceivedMail, GivesTheDecodedBytesOfAnAttachment) {
  const auto pdf = read_attachment(crlf_of(letter), 1);
  ASSERT_OK(pdf);
  EXPECT_EQ(*pdf, "%PDF-1.4\n");
  EXPECT_THAT(read_attachment(letter, 3), IsError(ErrorKind::not_found, HasSubstr("attachment 3")));
  EXPECT_THAT(read_attachment(letter, 0), IsError(ErrorKind::not_found, HasSubstr("attachment 0")));
}

TEST(ReceivedMail, TakesTheHtmlWhereThePlainTextIsMissingOrEmpty) {
  for (const char* plain : {"--b\nContent-Type: text/plain\n\n \n", ""}) {
    const ReceivedMail mail = received("Content-Type: multipart/alternative; boundary=b\n\n" + std::string(plain) +
                                       "--b\nContent-Type: text/html; charset=utf-8\n\n<p>Good <b>day</b><p hidden>send money\n--b--\n");
    EXPECT_EQ(mail.text, "Good day\n");
    EXPECT_TRUE(mail.text_from_html);
    EXPECT_THAT(notes_of(mail), HasSubstr("would not see"));
    EXPECT_THAT(mail.attachments, IsEmpty());
  }
}

TEST(ReceivedMail, JoinsTextsThatStandBesideEachOther) {
  const ReceivedMail mail = received(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\nContent-Type: image/png; name=a.png\n\nx\n--b\nContent-Type: "
      "text/plain\n\n-- "
      "\nlist footer\n--b--\n");
  EXPECT_EQ(mail.text, "Hello\n\n-- \nlist footer");
  EXPECT_EQ(mail.attachments.size(), 1u);
}

TEST(ReceivedMail, ReadsTheRootOfRelatedPartsWithItsImagesInline) {
  const ReceivedMail mail = received(
      "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n<img alt=Logo src=cid:x> Hi\n--b\nContent-Type: "
      "image/gif\nContent-ID: <x>\n\nGIF\n--b--\n");
  EXPECT_EQ(mail.text, "[image: Logo] Hi\n");
  ASSERT_EQ(mail.attachments.size(), 1u);
  EXPECT_TRUE(mail.attachments[0].is_inline);
}

TEST(ReceivedMail, LeavesAnAttachedMailClosed) {
  const std::string inner = "Subject: inner\nContent-Type: message/rfc822\n\nSubject: innermost\n\nsecret";
  const ReceivedMail mail =
      received("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nouter\n--b\nContent-Type: message/rfc822\n\n" + inner + "\n--b--\n");
  EXPECT_EQ(mail.text, "outer");
  ASSERT_EQ(mail.attachments.size(), 1u);
  EXPECT_EQ(mail.attachments[0].media_type, "message/rfc822");
}

TEST(ReceivedMail, OpensAnAttachedMailAsAMailOfItsOwn) {
  const std::string bytes = "Content-Type: message/rfc822\n\nSubject: inner\nContent-Type: message/rfc822\n\nSubject: innermost\n\nsecret";
  const ReceivedMail inner = received(read_attachment(bytes, 1).value_or(""));
  EXPECT_EQ(inner.subject, "inner");
  EXPECT_EQ(received(read_attachment(read_attachment(bytes, 1).value_or(""), 1).value_or("")).text, "secret");
}

TEST(ReceivedMail, ReadsUuencodedAndUnknownEncodings) {
  EXPECT_EQ(text_in("Content-Transfer-Encoding: x-uuencode\n", "begin 644 a.txt\n#0V%T\n`\nend\n"), "Cat");
  const ReceivedMail mail = received("Content-Transfer-Encoding: base65\n\nas it is\n");
  EXPECT_EQ(mail.text, "as it is\n");
  EXPECT_THAT(notes_of(mail), HasSubstr("not known"));
}

TEST(ReceivedMail, ReadsTextThatIsNoBase64AsItStands) {
  const ReceivedMail mail = received("Content-Transfer-Encoding: base64\n\nHello you there\n");
  EXPECT_EQ(mail.text, "Hello you there\n");
  EXPECT_THAT(notes_of(mail), HasSubstr("should be Base64"));
  EXPECT_EQ(text_in("Content-Transfer-Encoding: base64\n", "SGVs\r\nbG8=\r\n"), "Hello");
}

// --- names of files ---

TEST(ReceivedMail, NamesAttachmentsByOnePathComponent) {
  EXPECT_EQ(name_of_attachment("filename=\"../../etc/passwd\""), "passwd");
  EXPECT_EQ(name_of_attachment("filename=\"C:\\\\Temp\\\\a.exe\""), "a.exe");
  EXPECT_EQ(name_of_attachment("filename=\"..\""), "attachment-1");
  EXPECT_EQ(name_of_attachment("filename=\".bashrc\""), "bashrc");
  EXPECT_EQ(name_of_attachment("filename=\"a/\""), "attachment-1");
  EXPECT_EQ(name_of_attachment("filename=\"=?utf-8?Q?=2E=2E=2Fx=0Ay?=\""), "x y");
  EXPECT_EQ(name_of_attachment("filename*=utf-8''b%2F%0Ac.txt"), "c.txt");
  EXPECT_EQ(name_of_attachment("filename*0*=utf-8''B%C3%BC; filename*1=ro.pdf"), "Büro.pdf");
}

TEST(ReceivedMail, TakesCharactersThatHideAnEndingOutOfNames) {
  EXPECT_EQ(name_of_attachment("filename*=utf-8''photo%E2%80%AEgpj.exe"), "photogpj.exe");
}

TEST(ReceivedMail, CutsLongNamesOnACharacterBorderAndKeepsTheEnding) {
  const std::string name = name_of_attachment("filename=\"" + repeated("ü", 300) + ".pdf\"");
  EXPECT_LE(name.size(), 200u);
  EXPECT_TRUE(is_utf8(name));
  EXPECT_TRUE(name.ends_with("ü.pdf"));
}

// --- what headers say ---

TEST(ReceivedMail, DropsAddressesThatAreNoneAndSaysSo) {
  const ReceivedMail mail = received("From: not an address\nTo: a@example.org, <b@@x>, \"c\" <c@example.org>,, d@\n\n");
  EXPECT_THAT(mail.from, IsEmpty());
  EXPECT_THAT(addresses_of(mail.to), ElementsAre("|a@example.org", "c|c@example.org"));
  EXPECT_EQ(mail.unreadable_addresses, 3u);
  EXPECT_THAT(notes_of(mail), HasSubstr("left out: 3"));
}

TEST(ReceivedMail, OpensGroupsOfAddresses) {
  EXPECT_THAT(
      addresses_of(received("To: Friends: Ann <ann@example.org>, bob@example.org;, cy@example.org\nCc: undisclosed-recipients:;\n\n").to),
      ElementsAre("Ann|ann@example.org", "|bob@example.org", "|cy@example.org"));
}

TEST(ReceivedMail, TakesTheOldNameBehindAnAddress) {
  EXPECT_THAT(addresses_of(received("From: ann@example.org (Ann (the first), really)\n\n").from),
              ElementsAre(testing::EndsWith("|ann@example.org")));
}

TEST(ReceivedMail, ReadsTwoAddressesThatNoCommaParts) {
  EXPECT_THAT(addresses_of(received("From: Ann <ann@example.org> \"Bob\" <bob@example.org>\n\n").from),
              ElementsAre("Ann|ann@example.org", "Bob|bob@example.org"));
  EXPECT_THAT(addresses_of(received("From: =?utf-8?Q?Doe,_Jo:?= <jo@example.org>, <<bob@example.org>>\n\n").from),
              ElementsAre("Doe, Jo:|jo@example.org", "<|bob@example.org"));
}

TEST(ReceivedMail, TakesNoNameForAnAddress) {
  EXPECT_THAT(addresses_of(received("From: \"boss@example.org\" <evil@example.net>\n\n").from),
              ElementsAre("boss@example.org|evil@example.net"));
}

TEST(ReceivedMail, TakesWhatCannotBeSeenOutOfHeaderFields) {
  const ReceivedMail mail = received(
      "Subject: pay\xE2\x80\xAE now\xE2\x80\x8B \x01\xF3\xA0\x81\xA1!\r now\nFrom: =?utf-8?Q?A=E2=80=AEnn=0D=0ABcc:_x?= "
      "<ann@example.org>\n\n");
  EXPECT_EQ(mail.subject, "pay now ! now");
  EXPECT_THAT(addresses_of(mail.from), ElementsAre("Ann Bcc: x|ann@example.org"));
}

TEST(ReceivedMail, TakesOnlySoundMessageIds) {
  EXPECT_EQ(received("Message-ID: <a b@x>\n\n").message_id, "");
  EXPECT_EQ(received("Message-ID: a@x\n\n").message_id, "");
  EXPECT_EQ(received("Message-ID: <>\n\n").message_id, "");
  EXPECT_EQ(received("Message-ID: <\xC3\xBC@x>\n\n").message_id, "");
  EXPECT_EQ(received("Message-ID: <" + repeated("a", 1000) + ">\n\n").message_id, "");
  EXPECT_EQ(received("Message-ID: (comment) <a@x> trailing\n\n").message_id, "<a@x>");
  EXPECT_EQ(received("Message-ID:\n <a@x>\n\n").message_id, "<a@x>");
}

TEST(ReceivedMail, KeepsTheFirstAndTheLatestReferences) {
  std::string references;
  for (int i = 0; i < 50; ++i) references += " <" + std::to_string(i) + "@x>\n";
  const ReceivedMail mail = received("References:" + references + "\n", {.references = 3});
  EXPECT_THAT(mail.references, ElementsAre("<0@x>", "<48@x>", "<49@x>"));
}

TEST(ReceivedMail, HasNoDateWhereItIsNone) {
  EXPECT_FALSE(received("Date: yesterday\n\n").date);
  EXPECT_FALSE(received("Date: Tue, 99 Nov 99999999 99:99:99 +9999\n\n").date);
  EXPECT_FALSE(received("Subject: x\n\n").date);
}

TEST(ReceivedMail, SaysThatAFieldStandsTwice) {
  const ReceivedMail mail = received("From: a@example.org\nFrom: b@example.org\n\n");
  EXPECT_THAT(addresses_of(mail.from), ElementsAre("|a@example.org"));
  EXPECT_THAT(notes_of(mail), HasSubstr("more than one field From"));
}

TEST(ReceivedMail, KnowsMailThatNoPersonWrote) {
  for (const char* header :
       {"Auto-Submitted: auto-replied", "Auto-Submitted: auto-generated; x=y", "Precedence: Bulk", "Precedence: list", "List-Id: <a.b>",
        "List-Unsubscribe: <https://x>", "Return-Path: <>", "Return-Path: < >", "X-Auto-Response-Suppress: All", "X-Autoreply: yes",
        "Content-Type: multipart/report; report-type=disposition-notification"}) {
    EXPECT_TRUE(received(std::string(header) + "\n\nHi").is_automatic) << header;
  }
  for (const char* header : {"Auto-Submitted: no", "Precedence: first-class", "Return-Path: <a@x>", "Subject: Auto-Submitted"}) {
    EXPECT_FALSE(received(std::string(header) + "\n\nHi").is_automatic) << header;
  }
}

TEST(ReceivedMail, ReadsAFirstFieldBehindABlank) {
  const ReceivedMail mail = received(" From: ann@example.org\nSubject: x\n\nbody");
  EXPECT_THAT(addresses_of(mail.from), ElementsAre("|ann@example.org"));
  EXPECT_EQ(mail.subject, "x");
  EXPECT_EQ(received(" a text that begins with a blank").text, " a text that begins with a blank");
}

// --- charsets ---

TEST(ReceivedMail, ReadsTextInTheCharsetThatItNames) {
  EXPECT_EQ(text_in("Content-Type: text/plain; charset=koi8-r\n", "\xF0\xD2\xC9\xD7\xC5\xD4"), "Привет");
  EXPECT_EQ(text_in("Content-Type: text/plain; charset=\"ISO-2022-JP\"\n", "\x1B$B$3$s\x1B(B"), "こん");
  EXPECT_EQ(text_in("Content-Type: text/plain; charset=iso-8859-1\n", "\x80 5"), "€ 5");
  EXPECT_EQ(
      text_in("Content-Type: text/plain; charset=utf-16le\nContent-Transfer-Encoding: base64\n", base64(std::string_view("H\0i\0", 4))),
      "Hi");
}

TEST(ReceivedMail, ReadsTextWhoseCharsetLies) {
  for (const char* charset : {"utf-8", "us-ascii", "x-none", "utf-8//TRANSLIT", "../../etc/passwd"}) {
    const ReceivedMail mail = received("Content-Type: text/plain; charset=\"" + std::string(charset) +
                                       "\"\n\nGr\xFC\xDF"
                                       "e");
    EXPECT_EQ(mail.text, "Grüße") << charset;
    EXPECT_THAT(notes_of(mail), HasSubstr("charset")) << charset;
  }
  EXPECT_EQ(text_in("Content-Type: text/plain; charset=x-none\n", "Grüße"), "Grüße");
  EXPECT_EQ(text_in("Content-Type: text/plain\n",
                    "Gr\xFC\xDF"
                    "e"),
            "Grüße");
}

TEST(ReceivedMail, ReadsHeadersWithRawBytes) {
  EXPECT_EQ(received("Subject: Gr\xFC\xDF"
                     "e\n\n")
                .subject,
            "Grüße");
  EXPECT_EQ(received("Subject: Grüße\n\n").subject, "Grüße");
  EXPECT_EQ(received("Subject: =?iso-8859-1?Q?Gr\xFC\xDF"
                     "e?= \xFC\n\n")
                .subject,
            "Grüße ü");
  EXPECT_TRUE(is_utf8(received("Subject: =?x-none?Q?=FF=FE?= =?utf-8?B?////?=\n\n").subject));
}

TEST(ReceivedMail, TakesControlCharactersOutOfText) {
  EXPECT_EQ(text_in("", std::string_view("a\0b\x1B[31mc\x7F\td\xC2\x9B\r\ne\rf", 19)), "ab[31mc\td\ne\nf");
}

// --- what is broken ---

TEST(ReceivedMail, ReadsAMailWithoutAHeader) {
  const ReceivedMail mail = received("just words\nand more\n");
  EXPECT_EQ(mail.text, "just words\nand more\n");
  EXPECT_THAT(notes_of(mail), HasSubstr("not ended by a blank line"));
  EXPECT_THAT(read_mail(" \r\n"), IsError(ErrorKind::invalid, HasSubstr("empty")));
}

TEST(ReceivedMail, ReadsAMailWhoseLinesEndWithCarriageReturns) {
  const ReceivedMail mail = received("Subject: old\rTo: a@example.org\r\rbody\rlines");
  EXPECT_EQ(mail.subject, "old");
  EXPECT_EQ(mail.text, "body\nlines");
}

TEST(ReceivedMail, ReadsPartsWithoutTheLastBoundary) {
  const ReceivedMail mail = received("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n");
  EXPECT_EQ(mail.text, "one\n\ntwo\n");
  EXPECT_THAT(notes_of(mail), HasSubstr("may have been cut off"));
}

TEST(ReceivedMail, ReadsPartsOfABoundaryThatDoesNotOccurAsText) {
  for (const char* type : {"multipart/mixed; boundary=b", "multipart/mixed", "multipart/mixed; boundary=\"\""}) {
    const ReceivedMail mail = received("Content-Type: " + std::string(type) + "\n\n--c\n\nwords\n");
    EXPECT_EQ(mail.text, "--c\n\nwords\n");
    EXPECT_EQ(mail.notes.size(), 1u);
  }
}

TEST(ReceivedMail, TakesNoLongerLineForABoundary) {
  EXPECT_EQ(text_in("Content-Type: multipart/mixed; boundary=b\n", "--b \n\n--bc\n--b-\n--b--c\nend\n--b-- \nrest"),
            "--bc\n--b-\n--b--c\nend");
}

TEST(ReceivedMail, ReadsPartsThatTheOuterBoundaryEnds) {
  const ReceivedMail mail = received(
      "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\none\n--o\n\ntwo\n--o--\n");
  EXPECT_EQ(mail.text, "one\n\ntwo");
}

// --- what is too much ---

TEST(ReceivedMail, RefusesAMailThatIsTooLarge) {
  EXPECT_THAT(read_mail("Subject: x\n\nlong", {.mail_bytes = 10}), IsError(ErrorKind::limit, HasSubstr("16 bytes")));
  EXPECT_THAT(read_attachment("Subject: x\n\nlong", 1, {.mail_bytes = 10}), IsError(ErrorKind::limit, HasSubstr("16 bytes")));
}

TEST(ReceivedMail, CutsTextOnACharacterBorder) {
  const ReceivedMail mail = received("Content-Type: text/plain; charset=utf-8\n\nüüüüü", {.text_bytes = 5});
  EXPECT_EQ(mail.text, "üü");
  EXPECT_THAT(notes_of(mail), HasSubstr("5 bytes"));
}

TEST(ReceivedMail, LeavesOutAddressesPartsAndAttachmentsOverTheLimit) {
  EXPECT_EQ(received("To: " + repeated("a@example.org, ", 20) + "\n\n", {.addresses = 5}).to.size(), 5u);
  const std::string parts =
      "Content-Type: multipart/mixed; boundary=b\n\n" + repeated("--b\nContent-Type: image/png\n\nx\n", 20) + "--b--\n";
  const ReceivedMail few = received(parts, {.parts = 6});
  EXPECT_EQ(few.attachments.size(), 5u);
  EXPECT_THAT(notes_of(few), HasSubstr("more than 6 parts"));
  const ReceivedMail attached = received(parts, {.attachments = 3});
  EXPECT_EQ(attached.attachments.size(), 3u);
  EXPECT_THAT(notes_of(attached), HasSubstr("more than 3 attachments"));
  EXPECT_THAT(read_attachment(parts, 4, {.attachments = 3}), IsError(ErrorKind::not_found, HasSubstr("attachment 4")));
}

// The header of a mail of parts in parts.
std::string parts_in_parts(int depth) {
  std::string out;
  for (int i = 0; i < depth; ++i) {
    const std::string number = std::to_string(i);
    out += "Content-Type: multipart/mixed; boundary=b" + number + "\n\n--b" + number + "\n";
  }
  return out + "\n";
}

TEST(ReceivedMail, LeavesPartsThatAreTooDeepUnopened) {
  expect_quick([&] {
    const ReceivedMail mail = received(parts_in_parts(10'000) + "deep");
    EXPECT_THAT(notes_of(mail), HasSubstr("32 deep"));
    ASSERT_EQ(mail.attachments.size(), 1u);
    EXPECT_EQ(mail.attachments[0].media_type, "multipart/mixed");
  });
}

TEST(ReceivedMail, IsQuickWithBombs) {
  const std::string head = "Content-Type: multipart/mixed; boundary=b\n";
  const std::vector<std::pair<const char*, std::string>> bombs = {
      {"100,000 parts", head + "\n" + repeated("--b\n\n", 100'000)},
      {"a part a line", head + "\n" + repeated("--b\n", 2'000'000)},
      {"nearly a boundary", head + "\n" + repeated("--b--b", 2'000'000)},
      {"line feeds", head + "\n" + repeated("\n", 8'000'000)},
      {"a header of 10 MB", "Subject: " + repeated("x", 10'000'000) + "\n\n"},
      {"line feeds, deep", parts_in_parts(32) + repeated("\n", 8'000'000)},
      {"many fields", repeated("a:\n", 3'000'000) + "\n"},
      {"many Subjects", repeated("Subject:\n", 1'000'000) + "\n"},
      {"folded for ever", "Subject:" + repeated("\n x", 3'000'000)},
      {"a long line", "\n" + repeated("x", 100'000)},
      {"groups in groups", "To: " + repeated("a:", 500'000)},
      {"brackets", "To: " + repeated("<", 500'000)},
      {"comments", "To: " + repeated("(,", 500'000)},
      {"closed comments", "To: " + repeated("(", 250'000) + repeated(")", 250'000)},
      {"quotes", "To: " + repeated("\"\\\"", 333'333)},
      {"addresses", "To: " + repeated("a@example.org,", 70'000)},
      {"encoded words", "Subject: " + repeated("=?utf-8?Q?=41?= ", 60'000)},
      {"open words", "Subject: " + repeated("=?a?Q?", 160'000)},
      {"unknown charsets", "To: " + repeated("=?x-no?Q?a?= <a@example.org>,", 30'000)},
      {"ids", "References: " + repeated("<", 500'000) + "\nIn-Reply-To: " + repeated("<a@b>", 100'000)},
      {"parameters", "Content-Type: text/plain;" + repeated("a*0*=", 100'000)},
      {"a charset for the stack", "Content-Type: text/plain; name*=" + repeated("x", 900'000) + "''y"},
      {"a long boundary", "Content-Type: multipart/mixed; boundary=" + repeated("-", 900) + "\n\n" + repeated("-", 5'000'000)},
      {"rfc822 in rfc822", repeated("Content-Type: message/rfc822\n\n", 100'000)},
      {"Base64", "Content-Transfer-Encoding: base64\n\n" + repeated("QUFB", 2'000'000)},
      {"NULs", std::string(5'000'000, '\0')},
  };
  for (const auto& bomb : bombs) {
    SCOPED_TRACE(bomb.first);
    expect_quick([&] {
      const ReceivedMail mail = received(bomb.second);
      EXPECT_LE(mail.text.size(), MailReadLimits{}.text_bytes);
      EXPECT_LE(mail.subject.size(), 70'000u);
      EXPECT_LE(mail.attachments.size(), 1'000u);
      EXPECT_LE(mail.notes.size(), 20u);
    });
  }
}

TEST(ReceivedMail, SaysWhatItLeftOutOfAHeader) {
  const ReceivedMail mail = received("X: " + repeated("x", 200) + "\nSubject: late\n\nbody", {.header_bytes = 100});
  EXPECT_EQ(mail.subject, "");
  EXPECT_EQ(mail.text, "body");
  EXPECT_THAT(notes_of(mail), HasSubstr("larger than 100 bytes"));
}

TEST(ReceivedMail, ReadsTheSampleMails) {
  const std::filesystem::path folder = std::filesystem::path(DEED_SOURCE_DIR) / "tests/data/mail";
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path());
    std::ifstream file(entry.path(), std::ios::binary);
    const ReceivedMail mail = received(std::string(std::istreambuf_iterator<char>(file), {}));
    EXPECT_TRUE(!mail.text.empty() || !mail.attachments.empty());
    ++count;
  }
  EXPECT_GE(count, 15u);
}

TEST(ReceivedMail, ReadsEveryPrefixOfAMail) {
  const std::string bytes = crlf_of(letter);
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    const ReceivedMail mail = received(std::string_view(bytes).substr(0, size));
    for (const ReceivedAttachment& attachment : mail.attachments) {
      const auto content = read_attachment(std::string_view(bytes).substr(0, size), attachment.number);
      ASSERT_OK(content);
      EXPECT_EQ(content->size(), attachment.size_bytes);
    }
  }
}

}  // namespace
}  // namespace deed
