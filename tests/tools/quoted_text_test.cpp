#include "deed/tools/quoted_text.hpp"

#include <gtest/gtest.h>

namespace deed {
namespace {

void expect_unfolded(std::string_view text) { EXPECT_EQ(fold_quotes(text), (QuotedText{std::string(text), "", 0})); }

TEST(QuotedText, FoldsTheQuoteBelowAReplyWithTheLineThatIntroducesIt) {
  EXPECT_EQ(fold_quotes("Yes, at ten.\n\nOn Tue, 24 Nov 2026 Ann <ann@example.org> wrote:\n> When?\n>\n> Ann\n"),
            (QuotedText{"Yes, at ten.\n", "", 4}));
  EXPECT_EQ(fold_quotes("Ja.\n\nAm 24.11.2026 um 10:15 schrieb Ann:\n\n> Wann?\n"), (QuotedText{"Ja.\n", "", 3}));
  EXPECT_EQ(fold_quotes("はい\n\n2026年11月24日(火) 10:15 Ann <ann@example.org>:\n> いつ\n"), (QuotedText{"はい\n", "", 2}));
  EXPECT_EQ(fold_quotes("Yes\n\nOn Tue, Nov 24, 2026 at 10:15 AM Ann <ann@example.org>\nwrote:\n\n> When?\n"),
            (QuotedText{"Yes\n", "", 4}));
}

TEST(QuotedText, FoldsAQuoteWithoutAnIntroduction) { EXPECT_EQ(fold_quotes("Yes\n> When?\n\n> Tell me\n"), (QuotedText{"Yes\n", "", 3})); }

TEST(QuotedText, TakesNoMoreThanTheIntroduction) {
  EXPECT_EQ(fold_quotes("Hello Ann,\nhere is what you asked for, and\nyou wrote:\n> When?\n"),
            (QuotedText{"Hello Ann,\nhere is what you asked for, and\n", "", 2}));
}

TEST(QuotedText, FoldsTheQuoteAboveAReply) {
  EXPECT_EQ(fold_quotes("On Tuesday Ann wrote:\n> When?\n> Where?\n\nAt ten.\n"), (QuotedText{"At ten.\n", "", 3}));
}

TEST(QuotedText, LeavesQuotesThatTheWriterAnswers) {
  expect_unfolded("On Tuesday Ann wrote:\n> When?\nAt ten.\n> Where?\nHere.\n");
  EXPECT_EQ(fold_quotes("> When?\nAt ten.\n> Where?\nHere.\n\n> Ann\n"), (QuotedText{"> When?\nAt ten.\n> Where?\nHere.\n", "", 1}));
}

TEST(QuotedText, SplitsOffTheSignature) {
  EXPECT_EQ(fold_quotes("Hi\n\n-- \nBob\nTel. 1\n"), (QuotedText{"Hi\n", "Bob\nTel. 1\n", 0}));
  EXPECT_EQ(fold_quotes("Hi\n-- \nBob\n\nAnn wrote:\n> x\n> -- \n> Ann\n"), (QuotedText{"Hi\n", "Bob\n", 4}));
  EXPECT_EQ(fold_quotes("Hi\n\nAnn wrote:\n> x\n\n-- \nBob\n"), (QuotedText{"Hi\n", "Bob\n", 3}));
  expect_unfolded("Hi\n--\nBob\n");
}

TEST(QuotedText, FoldsWhatFollowsATitleOfDashes) {
  EXPECT_EQ(fold_quotes("Fine.\n\n-----Original Message-----\nFrom: Ann\nSent: Tuesday\nSubject: x\n\nWhen?\n"),
            (QuotedText{"Fine.\n", "", 6}));
  EXPECT_EQ(fold_quotes("Gut.\n\n-----Ursprüngliche Nachricht-----\nVon: Ann\nGesendet: Dienstag\n\nWann?\n").fresh, "Gut.\n");
}

TEST(QuotedText, FoldsWhatFollowsAHeaderThatIsWrittenOut) {
  EXPECT_EQ(fold_quotes("Fine.\n\n________________________________\nFrom: Ann\nSent: Tuesday, November 24, 2026 10:15 AM\nTo: "
                        "Bob\nSubject: x\n\nWhen?\n"),
            (QuotedText{"Fine.\n", "", 7}));
  EXPECT_EQ(
      fold_quotes("Gut.\n\nVon: Ann <ann@example.org>\nDatum: Dienstag, 24. November 2026 um 10:15\nAn: Bob\nBetreff: x\n\nWann?\n").fresh,
      "Gut.\n");
}

TEST(QuotedText, LeavesWhatOnlyLooksLikeAHeader) {
  expect_unfolded("See you there:\n\nTitle: Party\nWhen: 24 Nov 2026 10:00\nWhere: Bern\nWho: ann@example.org\n\nBring cake.\n");
  expect_unfolded("Hi\n\nPhone: 1\nFax: 2\nMail: a@example.org\n\nAnd one more thing.\n");
  expect_unfolded("Plan\n\n--- Chapter one ---\nWe begin.\n\n--- Chapter two ---\nWe end.\n");
  expect_unfolded("| a | b |\n|---|---|\n");
}

TEST(QuotedText, LeavesATextThatIsAllQuotes) {
  expect_unfolded("> a\n> b\n");
  expect_unfolded("Ann wrote:\n> a\n");
  expect_unfolded("-----Original Message-----\nFrom: Ann\nSent: Tuesday\n\nWhen?\n");
  EXPECT_EQ(fold_quotes(""), QuotedText{});
  EXPECT_EQ(fold_quotes("\n\n"), QuotedText{});
}

TEST(QuotedText, TakesNoLineOfAMailboxForAQuote) { expect_unfolded("We come\n>From Bern\n"); }

TEST(QuotedText, KeepsWhatIsNewOfAnyTextOfAFewLines) {
  const std::string_view lines[] = {"", "> q", "new", "w:", "-- ", "---- T ----", "A: b@c 10:15 2026", "____"};
  constexpr std::size_t kinds = std::size(lines);
  for (std::size_t number = 0; number < kinds * kinds * kinds * kinds * kinds; ++number) {
    std::string text;
    bool has_new = false;
    for (std::size_t rest = number, i = 0; i < 5; ++i, rest /= kinds) {
      text += lines[rest % kinds];
      text += '\n';
      has_new = has_new || lines[rest % kinds] == "new";
    }
    const QuotedText folded = fold_quotes(text);
    ASSERT_TRUE(!has_new || !folded.fresh.empty()) << text;
    ASSERT_LE(folded.quoted_lines, 5u) << text;
    ASSERT_NE(text.find(folded.fresh), std::string::npos) << text;
    // What was folded once has nothing more to fold, but for a quote that stood above it.
    ASSERT_FALSE(fold_quotes(folded.fresh).fresh.empty() && !folded.fresh.empty()) << text;
  }
}

}  // namespace
}  // namespace deed
