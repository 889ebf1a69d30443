#include "deed/llm/local/grounding.hpp"

#include <gmock/gmock.h>

#include <string>

namespace deed {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> texts(const std::string& text, const std::vector<Span>& spans) {
  std::vector<std::string> result;
  for (const Span& span : spans) result.emplace_back(span.in(text));
  return result;
}

TEST(Grounding, FindsAddressesWithoutThePunctuationBehindThem) {
  const std::string text =
      "Write to ann@example.org, <bob.b+x@mail.example.co.uk> and (eve@example.com).";
  EXPECT_THAT(texts(text, find_emails(text)),
              ElementsAre("ann@example.org", "bob.b+x@mail.example.co.uk", "eve@example.com"));
}

TEST(Grounding, TakesNoAddressFromATextThatHasOnlyHalfOfOne) {
  const std::string korean = "ann@example.org로 보내고 bob@mail.example에게, 그리고 kim@한국.example 도";
  EXPECT_THAT(texts(korean, find_emails(korean)), ElementsAre("ann@example.org", "bob@mail.example", "kim@한국.example"));
  EXPECT_THAT(find_emails("@example.org, ann@, ann@localhost, a @ b.c, @@"), IsEmpty());
}

TEST(Grounding, FindsUrlsWithoutThePunctuationBehindThem) {
  const std::string text =
      "See https://example.org/a?b=c#d. Or (http://127.0.0.1:8080/status), \"ftp://h/x\"; not "
      "mailto://a or ://";
  EXPECT_THAT(
      texts(text, find_urls(text)),
      ElementsAre("https://example.org/a?b=c#d", "http://127.0.0.1:8080/status", "ftp://h/x"));
}

TEST(Grounding, FindsPathsButNotDomainsDatesOrGlobs) {
  const std::string text =
      "Read docs/a.md, ./b.txt and /var/log/app.log; see example.org, 12/05/2026, 3.5, *.csv, "
      "me@x.de";
  EXPECT_THAT(texts(text, find_paths(text)),
              ElementsAre("docs/a.md", "./b.txt", "/var/log/app.log"));
}

TEST(Grounding, TakesAQuotedNameWithBlanksAsOnePath) {
  const std::string text = "Read \"my report.pdf\" and 'notes 2.txt'";
  EXPECT_THAT(texts(text, find_paths(text)), ElementsAre("my report.pdf", "notes 2.txt"));
}

TEST(Grounding, FindsNoPathInsideAUrlOrAnAddress) {
  EXPECT_THAT(find_paths("https://example.org/a/b.txt ann.lee@example.org/x"),
              testing::Not(testing::Contains(Span{0, 27})));
  EXPECT_THAT(find_paths("https://example.org/a/b.txt"), IsEmpty());
}

TEST(Grounding, FindsQuotationsButNoApostrophes) {
  const std::string text = "Anna's note says \"it's done\", 'the boys' toys', “so” and «oui» `x`";
  EXPECT_THAT(texts(text, find_quotes(text)),
              ElementsAre("it's done", "the boys", "so", "oui", "x"));
}

TEST(Grounding, LeavesAnUnclosedQuotationAlone) {
  EXPECT_THAT(find_quotes("say \"hello and 'bye"), IsEmpty());
}

struct NumberCase {
  const char* text;
  double value;
};
class GroundingNumbers : public testing::TestWithParam<NumberCase> {};
TEST_P(GroundingNumbers, ReadsTheLikeliestValue) {
  const auto numbers = find_numbers(GetParam().text);
  ASSERT_EQ(numbers.size(), 1u) << GetParam().text;
  EXPECT_DOUBLE_EQ(numbers[0].values[0], GetParam().value) << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(Forms, GroundingNumbers,
                         testing::Values(NumberCase{"12", 12}, NumberCase{"1,234,567.5", 1234567.5},
                                         NumberCase{"-3", -3}, NumberCase{"5%", 0.05},
                                         NumberCase{"20 percent", 0.2}, NumberCase{"$5k", 5000},
                                         NumberCase{"2 million", 2e6}, NumberCase{"300K", 300},
                                         NumberCase{"7 pm", 19}, NumberCase{"1e-9", 1e-9},
                                         NumberCase{".5", 0.5}, NumberCase{"twelve", 12}));

TEST(Grounding, FindsDatesInTheFormsThatPeopleWrite) {
  for (const char* text :
       {"on May 4th, 2026", "4 May 2026", "the 4th of May 2026", "2026-05-04", "05/04/2026"}) {
    const auto dates = find_dates(text);
    ASSERT_EQ(dates.size(), 1u) << text;
    EXPECT_EQ(dates[0].iso, "2026-05-04") << text;
  }
  EXPECT_THAT(find_dates("May 2026, 99/99/2026, 4 apples 2026"), IsEmpty());
}

TEST(Grounding, BelievesTheFormatBeforeTheNameAndTheNameBeforeTheDescription) {
  EXPECT_EQ(slot_kind("body", {{"type", "string"}, {"format", "email"}}), SlotKind::email);
  EXPECT_EQ(slot_kind("url", {{"type", "string"}}), SlotKind::url);
  EXPECT_EQ(slot_kind("target", {{"type", "string"}, {"description", "Path of the file."}}),
            SlotKind::path);
  EXPECT_EQ(slot_kind("subject", {{"type", "string"},
                                  {"description", "Subject of the mail to an email address."}}),
            SlotKind::label);
  EXPECT_EQ(slot_kind("content",
                      {{"type", "string"}, {"description", "What the file at the path says."}}),
            SlotKind::free_text);
}

// Every scanner has to stay linear: these would take hours otherwise.
TEST(Grounding, ReadsTwoMegabytesOfHostileTextWithinItsLimits) {
  for (const char* piece :
       {"@", "a@", "'", "\"", "://", "http://", "/", ".a", "1,", "“", " 'a", "9", "May 4 "}) {
    std::string text;
    while (text.size() < (2u << 20)) text += piece;
    EXPECT_LE(find_emails(text).size(), max_spans);
    EXPECT_LE(find_urls(text).size(), max_spans);
    EXPECT_LE(find_paths(text).size(), 2 * max_spans);
    EXPECT_LE(find_quotes(text).size(), max_spans);
    EXPECT_LE(find_numbers(text).size(), max_spans);
    EXPECT_LE(find_dates(text).size(), max_spans);
    EXPECT_LE(find_words(text).size(), 2048u);
  }
}

TEST(Grounding, KeepsSpansInsideTheTextHoweverItIsCut) {
  const std::string text =
      "Mail “ann@example.org” «x» the file ./a/b.txt, see http://h/p?q; 5% of 1,000 on May 4th, "
      "2026 'ok' …";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const std::string part = text.substr(0, cut);
    for (const auto& spans : {find_quotes(part), find_emails(part), find_urls(part),
                              find_paths(part), find_words(part)})
      for (const Span& span : spans) {
        EXPECT_LT(span.begin, span.end);
        EXPECT_LE(span.end, part.size());
      }
  }
}

}  // namespace
}  // namespace deed
