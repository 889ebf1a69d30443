// Pictures in the html and invitations: what becomes of attachments that are shown.
#include "deed/tests/fakes/bytes.hpp"
#include "deed/tools/mail_inline.hpp"

#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/tools/mail_reader.hpp"
#include "deed/tests/tools/tool_doubles.hpp"
#include "deed/tools/mail_calendar.hpp"

namespace deed {
namespace {

using mail_reader::Part;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> shown_in(std::string_view html) {
  std::vector<std::string> out;
  for (const CidReference& reference : find_cid_references(html)) out.push_back(reference.name);
  return out;
}

TEST(MailInline, FindsReferencesWhereHtmlTakesAUrl) {
  EXPECT_THAT(shown_in("<img src=\"cid:a.png\"><IMG SRC='CID:b.png' alt=x><img src=cid:c.png>"),
              ElementsAre("a.png", "b.png", "c.png"));
  EXPECT_THAT(shown_in("<td background = \" cid:a.png \"><video poster='cid:b.png'/>"),
              ElementsAre("a.png", "b.png"));
  EXPECT_THAT(shown_in("<p style=\"background:url('cid:a.png')\"><p style='x:URL(cid:b.png)'>"),
              ElementsAre("a.png", "b.png"));
  EXPECT_THAT(shown_in("<style>p { background: url(\"cid:a.png\") }</style>"), ElementsAre("a.png"));
  EXPECT_THAT(shown_in("<p style=\"background:url(&quot;cid:a.png&quot;)\">"), ElementsAre("a.png"));
  EXPECT_THAT(shown_in("<img srcset=\"cid:a.png 1x, cid:b.png 2x\">"), ElementsAre("a.png", "b.png"));
  EXPECT_THAT(shown_in("<!--[if mso]><v:fill src=\"cid:a.png\"/><![endif]-->"), ElementsAre("a.png"));
  EXPECT_THAT(shown_in("<img src='cid:a&amp;b&#39;&#x41;.png'>"), ElementsAre("a&b'A.png"));
}

TEST(MailInline, FindsNoneInTextCommentsAndScripts) {
  for (const char* html :
       {"", "<p>Placid: cid:a.png</p>", "<!-- <img src=\"cid:a.png\"> --><p>x</p>", "a < b cid:c",
        "<script>x = '<img src=\"cid:a.png\">'</script>", "<p title=\"cid:a.png\">", "<img src=",
        "<img src=\"cid", "<", "<p style=\"url(\">", "<style>url(", "<img src=\"acid:a.png\">"}) {
    EXPECT_THAT(shown_in(html), IsEmpty()) << html;
  }
}

TEST(MailInline, EndsForHtmlCutAtEveryByte) {
  const std::string html =
      "<!--[if a]><p style=\"x:url('cid:a')\"><![endif]--><style>url(cid:b)</style><img srcset='cid:c "
      "1x, cid:d' src=cid:e><!-- x --><script>1</script>";
  for (std::size_t i = 0; i <= html.size(); ++i) {
    for (const CidReference& reference : find_cid_references(html.substr(0, i))) {
      EXPECT_LE(reference.end, i);
      EXPECT_EQ(html.substr(reference.begin, 4), "cid:");
    }
  }
}

MailContent mail_with(std::string html, std::vector<MailAttachment> attachments) {
  return {.from = EmailAddress::parse("deed@example.org").value(),
          .to = {EmailAddress::parse("ann@example.org").value()},
          .subject = "Hello",
          .text = "Hi Ann\n",
          .html = std::move(html),
          .attachments = std::move(attachments)};
}
Part part_of(const MailContent& content) {
  auto bytes = build_mail(content, call_key(), FixedClock().now());
  EXPECT_OK(bytes);
  return mail_reader::read(all_of(bytes.value_or(nullptr)));
}

TEST(MailInline, PutsAShownPictureBesideTheHtmlAndTheOthersBehind) {
  const Part mail = part_of(mail_with("<img src=\"cid:my%20logo.png\"> <img src='cid:my logo.png'>",
                                      {{"list.pdf", "pdf"}, {"my logo.png", "png"}}));
  ASSERT_EQ(mail.type, "multipart/mixed");
  ASSERT_EQ(mail.parts.size(), 2u);
  EXPECT_EQ(mail.parts[1].filename, "list.pdf");
  const Part& text = mail.parts[0];
  ASSERT_EQ(text.type, "multipart/alternative");
  EXPECT_EQ(text.parts[0].type, "text/plain");
  const Part& related = text.parts[1];
  ASSERT_EQ(related.type, "multipart/related");
  EXPECT_THAT(related.header("content-type"), HasSubstr("type=\"text/html\""));
  ASSERT_EQ(related.parts.size(), 2u);
  const std::string id = "inline-2." + call_key().substr(0, 32) + "@example.org";
  EXPECT_EQ(related.parts[0].body, "<img src=\"cid:" + id + "\"> <img src='cid:" + id + "'>\r\n");
  EXPECT_EQ(related.parts[1].header("content-id"), "<" + id + ">");
  EXPECT_EQ(related.parts[1].disposition, "inline");
  EXPECT_EQ(related.parts[1].filename, "my logo.png");
  EXPECT_EQ(related.parts[1].body, "png");
}

TEST(MailInline, TakesANameWithPercentSignsAsItIsToo) {
  EXPECT_OK(link_inline_parts("<img src='cid:100%.png'>", {{"100%.png", ""}}, "k@x"));
  EXPECT_OK(link_inline_parts("<img src='cid:a%20b.png'>", {{"a%20b.png", ""}}, "k@x"));
}

TEST(MailInline, RefusesAReferenceToNothingOrToTwo) {
  EXPECT_THAT(build_mail(mail_with("<img src=\"cid:logo.png\">", {{"Logo.png", "x"}}), call_key(),
                         FixedClock().now()),
              IsError(ErrorKind::invalid, AllOf(HasSubstr("cid:logo.png"), HasSubstr("no attachment"))));
  EXPECT_THAT(link_inline_parts("<img src='cid:a'>", {{"a", "1"}, {"a", "2"}}, "k@x"),
              IsError(ErrorKind::invalid, HasSubstr("two attachments")));
  EXPECT_THAT(link_inline_parts("<img src='cid:'>", {{"a", "1"}}, "k@x"),
              IsError(ErrorKind::invalid, HasSubstr("no attachment")));
}

const std::string invitation =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nmethod:req\r\n uest\r\nBEGIN:VEVENT\r\nUID:1\r\n"
    "SUMMARY:Grüße\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

TEST(MailCalendar, ReadsTheMethodOfTheCalendarItself) {
  EXPECT_EQ(calendar_method(invitation), "REQUEST");
  EXPECT_EQ(calendar_method("BEGIN:VCALENDAR\nMETHOD;X=\"a:b\":CANCEL\nEND:VCALENDAR\n"), "CANCEL");
  for (const std::string& none :
       {std::string(), std::string("METHOD:REQUEST\n"),
        std::string("BEGIN:VCALENDAR\nBEGIN:VEVENT\nMETHOD:REQUEST\n"),
        std::string("BEGIN:VCALENDAR\nMETHOD:a b\n"), std::string("BEGIN:VCALENDAR\nMETHOD:X\xff\n"),
        std::string("BEGIN:VCALENDAR\nMETHOD:\"; x=\"\n"), std::string("BEGIN:VCALENDAR\n")}) {
    EXPECT_EQ(calendar_method(none), "") << none;
  }
}

TEST(MailCalendar, OffersAnInvitationAsAFormOfTheTextAndAsAFile) {
  const Part mail = part_of(mail_with("<p>Hi</p>", {{"invite.ics", invitation}}));
  ASSERT_EQ(mail.type, "multipart/mixed");
  const Part& text = mail.parts[0];
  ASSERT_EQ(text.type, "multipart/alternative");
  ASSERT_EQ(text.parts.size(), 3u);
  EXPECT_EQ(text.parts[2].type, "text/calendar");
  EXPECT_EQ(text.parts[2].charset, "utf-8");
  EXPECT_THAT(text.parts[2].header("content-type"), HasSubstr("method=REQUEST"));
  EXPECT_EQ(text.parts[2].body, invitation);
  ASSERT_EQ(mail.parts.size(), 2u);
  EXPECT_EQ(mail.parts[1].type, "application/ics");
  EXPECT_EQ(mail.parts[1].filename, "invite.ics");
  EXPECT_EQ(mail.parts[1].body, invitation);
}

TEST(MailCalendar, LeavesACalendarWithoutMethodAndSeveralInvitationsAttachments) {
  const Part one = part_of(mail_with("", {{"plan.ics", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"}}));
  EXPECT_EQ(one.parts.at(0).type, "text/plain");
  EXPECT_EQ(one.parts.at(1).type, "text/calendar");
  const Part two = part_of(mail_with("", {{"a.ics", invitation}, {"b.ics", invitation}}));
  EXPECT_EQ(two.parts.at(0).type, "text/plain");
  EXPECT_EQ(two.parts.size(), 3u);
}

}  // namespace
}  // namespace deed
