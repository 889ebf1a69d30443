// A thousand mails of all kinds, read back by a program that is not ours: Python's email package.
// read_mails.py holds what it reads against what was meant.
#include "deed/core/base64.hpp"
#include "deed/core/text.hpp"
#include "deed/tests/fakes/bytes.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/tools/tool_doubles.hpp"
#include "deed/tools/mail_message.hpp"

#include <cstdlib>
#include <random>

namespace deed {
namespace {

class MailOfTheWorld {
 public:
  explicit MailOfTheWorld(unsigned seed) : random_(seed) {}

  MailContent mail() {
    MailContent content{.from = address(), .subject = words(12), .text = body()};
    content.to = addresses(1, is_rare(40) ? 100 : 4);
    content.cc = addresses(0, 3);
    if (is_rare(2)) content.from_name = words(is_rare(8) ? 9 : 3);
    while (content.from_name.size() > 256 || content.from_name.find('@') != std::string::npos)
      content.from_name = words(3);
    content.reply_to = addresses(0, is_rare(3) ? 3 : 0);
    if (is_rare(3)) content.in_reply_to = message_id();
    for (std::size_t n = is_rare(3) ? below(is_rare(5) ? 120 : 6) : 0; n > 0; --n)
      content.references.push_back(message_id());
    content.auto_submitted = static_cast<AutoSubmitted>(below(3));
    if (is_rare(3)) content.unsubscribe = link();
    add_attachments(content);
    if (is_rare(2)) add_html(content);
    return content;
  }

 private:
  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }
  bool is_rare(std::size_t n) { return below(n) == 0; }
  template <class List>
  const auto& one_of(const List& list) {
    return *(std::begin(list) + static_cast<std::ptrdiff_t>(below(std::size(list))));
  }

  std::string word() {
    static const std::vector<std::string> list = {
        "invoice", "Hello",    "a",       "42",     "Grüße",      "Ærøskøbing", "счёт",     "ноябрь",
        "請求書",  "こんにちは", "안녕하세요", "حساب",   "שלום",       "ใบแจ้งหนี้",   "चालान",     "வணக்கம்",
        "Ξένος",   "👩‍👩‍👧‍👦",       "🎉",      "e\u0301", "\"quoted\"", "(x)",        "a,b;",     "<tag>",
        "=?utf-8?Q?x?=", "=?", "?=", "\\",    "it's",   "100%",       "--",         "=_mixed_", "ﷺ",
        "𝔘𝔫𝔦", "ሰላም", "გამარჯობა", "a.b", "Dr.", "[list]", "re:", "&amp;"};
    return one_of(list);
  }
  std::string words(std::size_t at_most) {
    std::string out = word();
    for (std::size_t n = below(at_most); n > 0; --n) out += " " + word();
    return out;
  }
  std::string body() {
    std::string out;
    if (is_rare(60)) return std::string(100'000, 'x') + "\n";
    if (is_rare(60)) return std::string(50'000, 'x') + words(3) + std::string(50'000, ' ') + "y";
    static const std::vector<std::string> ends = {"\n", "\r\n", "\r", "\n\n", "\n.\n", "\r\n..\r\n", " \n", "\t\n"};
    for (std::size_t n = below(is_rare(20) ? 400 : 12); n > 0; --n) out += words(20) + one_of(ends);
    if (is_rare(3)) out += one_of(std::vector<std::string>{".", "From here", "\x1b[0m", "--=_related_", " ", "-- ", "="});
    return out;
  }
  EmailAddress address() {
    static const std::vector<std::string> list = {
        "ann@example.org", "o'neil+tag@mail.example.com", "x@a.co", "a.b.c@bücher.example",
        "very.long.local.part.of.an.address.that.goes.on.and.on@sub.domain.example.net", "ann@почта.example",
        "{x}|~!#$%&'*/=?^_`-@example.org"};
    // Without SMTPUTF8 such a mail cannot be sent at all.
    const std::string text = is_rare(200) ? "jürgen@example.org" : one_of(list);
    return EmailAddress::parse(is_rare(3) ? std::to_string(below(1'000'000)) + text : text).value();
  }
  std::vector<EmailAddress> addresses(std::size_t at_least, std::size_t at_most) {
    std::vector<EmailAddress> out;
    for (std::size_t n = at_least + below(at_most + 1 - at_least); n > 0; --n) out.push_back(address());
    return out;
  }
  std::string message_id() {
    const std::string number = std::to_string(below(1'000'000));
    if (is_rare(20)) return "<" + std::string(20 + below(800), 'i') + number + "@x.org>";
    return "<" + number + one_of(std::vector<std::string>{"@x.org>", ".=_+$@mail.example.org>", "@[127.0.0.1]>"});
  }
  std::string link() {
    std::string out = one_of(std::vector<std::string>{"https://example.org/leave?id=", "mailto:leave@example.org?subject="});
    return out + std::string(is_rare(4) ? 600 : 8, 'k');
  }
  std::string file_name() {
    static const std::vector<std::string> list = {
        "report.pdf", "Счёт № 42.pdf", "請求書.docx", "a \"b\"; c=d.zip", "it's 100% (new).png", "no ending", ".hidden",
        "حساب.xlsx", "a&b <c>.gif", "%41%20.txt", "=?utf-8?Q?x?=.txt", "emoji 👩‍👧.jpg", "back\\slash.bin", "comma, semi;.csv"};
    if (is_rare(12)) return std::string(180 + below(60), 'n') + ".png";
    if (is_rare(12)) return "請求書" + std::string(below(150), 'x') + "🎉.docx";
    return one_of(list);
  }
  std::string file_bytes() {
    std::string out(is_rare(30) ? 100'000 : below(300), '\0');
    for (char& c : out) c = static_cast<char>(random_());
    return is_rare(4) ? words(5) + "\r\n.\r\n" : out;
  }
  void add_attachments(MailContent& content) {
    for (std::size_t n = is_rare(2) ? below(4) : 0; n > 0; --n) {
      const std::string name = std::to_string(n) + file_name();
      content.attachments.push_back({name, file_bytes()});
    }
    if (!is_rare(8)) return;
    const std::string method = one_of(std::vector<std::string>{"REQUEST", "CANCEL", "REPLY"});
    content.attachments.push_back({"invite.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:" + method +
                                                     "\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Grüße\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"});
  }
  static std::string percent_encoded(std::string_view name) {
    std::string out;
    for (const char c : name) {
      char code[8];
      std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
      const bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
      out += is_plain ? std::string(1, c) : code;
    }
    return out;
  }
  void add_html(MailContent& content) {
    content.html = "<p>" + body() + "</p>";
    for (const MailAttachment& file : content.attachments) {
      if (file.name == "invite.ics" || !is_rare(3)) continue;
      content.html += "<img alt=\"cid:\" src=\"cid:" + percent_encoded(file.name) + "\">\n";
    }
  }

  std::mt19937 random_;
};

Json texts_of(const std::vector<EmailAddress>& addresses) {
  Json out = Json::array();
  for (const EmailAddress& address : addresses) out.push_back(address.text());
  return out;
}

// A file's bytes in Base64: they need not be text.
Json meant(const MailContent& content) {
  static const std::map<AutoSubmitted, const char*> how = {
      {AutoSubmitted::no, ""}, {AutoSubmitted::auto_generated, "auto-generated"}, {AutoSubmitted::auto_replied, "auto-replied"}};
  Json files = Json::array();
  for (const MailAttachment& file : content.attachments) files.push_back({{"name", file.name}, {"base64", base64(all_of(file.bytes))}});
  return {{"from", content.from.text()}, {"from_name", content.from_name}, {"to", texts_of(content.to)},
          {"cc", texts_of(content.cc)}, {"reply_to", texts_of(content.reply_to)}, {"subject", content.subject},
          {"in_reply_to", content.in_reply_to}, {"references", content.references},
          {"auto_submitted", how.at(content.auto_submitted)}, {"unsubscribe", content.unsubscribe},
          {"text", content.text}, {"html", content.html}, {"files", files}};
}

TEST(MailOfTheWorld, IsReadByAnotherProgramAsItWasMeant) {
  constexpr unsigned count = 1000;
  const TempFolder folder;
  for (unsigned i = 0; i < count; ++i) {
    const MailContent content = MailOfTheWorld(i).mail();
    const auto bytes = build_mail(content, sha256_hex("call " + std::to_string(i)), FixedClock().now());
    ASSERT_OK(bytes);
    EXPECT_EQ(all_of(*bytes), all_of(build_mail(content, sha256_hex("call " + std::to_string(i)), FixedClock().now()).value_or(nullptr)));
    folder.put(std::to_string(i) + ".eml", all_of(*bytes));
    folder.put(std::to_string(i) + ".json", to_text(meant(content)));
  }
  const std::string script = std::string(DEED_SOURCE_DIR) + "/tests/tools/read_mails.py";
  const std::string command =
      "/usr/bin/python3 -B '" + script + "' '" + folder.path() + "' > '" + folder.at("out") + "' 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0) << folder.get("out").substr(0, 8000);
  EXPECT_EQ(folder.get("out"), std::to_string(count) + " mails are as they were meant\n");
}

}  // namespace
}  // namespace deed
