#include "deed/llm/local/fields.hpp"
#include "deed/llm/local/dictation.hpp"
#include "deed/llm/local/segments.hpp"

#include <gtest/gtest.h>

namespace deed {
namespace {

std::string field(std::string_view clause, std::string_view label) {
  for (const Field& one : find_fields(clause).list)
    if (one.label == label) return std::string(one.value.in(clause));
  return "(none)";
}

TEST(Fields, AreReadFromANoteWithSlashes) {
  const std::string_view note = "to: ann@example.org / subj: roof / text: leak is fixed, invoice follows";
  EXPECT_EQ(field(note, "to"), "ann@example.org");
  EXPECT_EQ(field(note, "subj"), "roof");
  EXPECT_EQ(field(note, "text"), "leak is fixed, invoice follows");
}

TEST(Fields, AreReadFromLinesAndWithoutTheMarksAroundThem) {
  const std::string_view note = "To: a@b.example\nSubject: \"Hay\"\nBody: We take 20.\nGreetings";
  EXPECT_EQ(field(note, "subject"), "Hay");
  EXPECT_EQ(field(note, "body"), "We take 20.\nGreetings");
}

TEST(Fields, WhatStandsApartFromTheLastTitleIsTheRest) {
  const std::string_view note = "To: a@b.example  Subject: Sunday lunch  We bring the salad.";
  const Fields fields = find_fields(note);
  EXPECT_EQ(field(note, "subject"), "Sunday lunch");
  ASSERT_NE(fields.rest, std::string_view::npos);
  EXPECT_EQ(note.substr(fields.rest), "  We bring the salad.");
}

TEST(Fields, AreNotSeenInAnOrdinarySentence) {
  EXPECT_TRUE(find_fields("Add a line to CHANGELOG.md: fixed the login").list.empty());
  EXPECT_TRUE(find_fields("Fetch http://127.0.0.1:80/file:x").list.empty());
  EXPECT_TRUE(find_fields("Note: call mum").list.empty());
  EXPECT_TRUE(find_fields("").list.empty());
}

TEST(Fields, OfAMegabyteOfColonsTakeNoTime) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "to: ";
  EXPECT_LE(find_fields(text).list.size(), 16U);
}

std::string dictated(std::string_view request) {
  const Dictation said = find_dictation(request);
  return said.begin == request.npos ? "(none)"
                                    : std::string(request.substr(said.begin, said.end - said.begin));
}

TEST(Dictation, InKoreanStandsBeforeTheWordForSaying) {
  EXPECT_EQ(dictated("내 차 번호는 12가 3456이라고 기억해 둬."), "내 차 번호는 12가 3456");
  EXPECT_EQ(dictated("kim@example.com 에게 오늘 못 간다고 전해 줘"), "오늘 못 간다");
}

TEST(Dictation, DoesNotBeginAtAColonThatLeadsUpToTheTask) {
  EXPECT_EQ(dictated("I wish my sister well: write to elena@example.org"), "(none)");
  EXPECT_EQ(dictated("Ping ops@example.org: the disk is full"), ": the disk is full");
}

TEST(Dictation, IsNotWhatALogSays) {
  EXPECT_EQ(dictated("I need to know what the error log says, it's logs/error.log"), "(none)");
}

// Quadratic, these would not end within the test's time.
TEST(Dictation, IsLookedForInLinearTime) {
  std::string that, colons, korean = "가 ";
  while (that.size() < 250'000) that += "that ", colons += "mail: ", korean += "나에게 ";
  EXPECT_NE(find_dictation(that + "a@b.example").begin, 1U);
  EXPECT_NE(find_dictation(colons + "a@b.example").begin, 1U);
  EXPECT_NE(find_dictation(korean).begin, 1U);
  EXPECT_LE(find_clauses("a@b.example " + colons, {}).size(), 16U);
}

}  // namespace
}  // namespace deed
