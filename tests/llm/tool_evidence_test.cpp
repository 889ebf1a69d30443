#include "deed/llm/local/tool_evidence.hpp"

#include "deed/llm/local/lead_in.hpp"
#include "deed/tests/llm/object_of.hpp"

#include <gtest/gtest.h>

namespace deed {
namespace {

ToolList file_and_web_tools() {
  const Json path = {{"type", "string"}, {"format", "path"}, {"description", "Path of the file."}};
  const Json url = {{"type", "string"}, {"format", "uri"}};
  return std::vector<ToolDefinition>{
      {.name = "file.read",
       .description = "Read a file.",
       .examples = {"Open letter.txt", "Display or view what is written in a file."},
       .parameters = object_of({{"path", path}}, {"path"})},
      {.name = "file.write",
       .description = "Write text into a file.",
       .examples = {"Save \"call the bank\" to todo.txt"},
       .parameters = object_of({{"path", path}, {"content", {{"type", "string"}}}}, {"path", "content"}),
       .changes_world = true},
      {.name = "http.request",
       .description = "Send an HTTP request.",
       .examples = {"Send a DELETE request to https://example.org/items/4"},
       .parameters = object_of({{"method", {{"type", "string"}, {"enum", {"POST", "DELETE"}}}},
                                {"url", url}},
                               {"method", "url"}),
       .changes_world = true},
      {.name = "pdf.print",
       .description = "Print a document.",
       .parameters = object_of({{"path", path}}, {"path"}),
       .changes_world = true}};
}

ToolEvidence evidence(const std::string& clause, std::size_t tool, const ToolList& list = file_and_web_tools()) {
  const ClauseStep step{clause};
  const Material material(step);
  const Lexicon lexicon(list);
  return evidence_for(list, tool, step, material, lexicon);
}

TEST(Lexicon, AWordThatOneToolHasTellsMoreThanOneThatManyHave) {
  const Lexicon lexicon(file_and_web_tools());
  EXPECT_EQ(lexicon.weight(0, "open"), 1.0);
  EXPECT_LT(lexicon.weight(0, "file"), 1.0);
  EXPECT_EQ(lexicon.weight(1, "open"), 0.0);
}

TEST(Lexicon, WhatNoToolDoesIsOutsideUntilAToolIsThereForIt) {
  const ToolList all = file_and_web_tools();
  EXPECT_FALSE(Lexicon(all).is_outside("delete", false)) << "http.request has the word";
  EXPECT_TRUE(Lexicon(all).is_outside("translate", false));
  EXPECT_FALSE(Lexicon(all).is_outside("transmit", false));
  EXPECT_FALSE(Lexicon(all).is_outside("print", true));
  ToolList without = all;
  without.cut(3);
  EXPECT_TRUE(Lexicon(without).is_outside("print", true));
  EXPECT_FALSE(Lexicon(without).is_outside("print", false)) << "a print may be a thing";
}

TEST(ToolEvidence, SaysThatTheVerbIsForSomethingElse) {
  EXPECT_EQ(evidence("Translate a.txt into French", 0).outside, 1);
  EXPECT_EQ(evidence("Open a.txt and not the book about how to translate", 0).outside, 0);
}

TEST(ToolEvidence, HearsNoTextThatIsOnlyQuoted) {
  EXPECT_EQ(evidence("Put \"open\" into a.txt", 0).heard, 0);
  EXPECT_EQ(evidence("Open a.txt", 0).heard, 1);
}

TEST(ToolEvidence, FindsNoCauseForAnEffectThatHasToBeChosen) {
  EXPECT_EQ(evidence("send me http://a.example/x", 2).has_cause, 0);
  EXPECT_EQ(evidence("DELETE http://a.example/x", 2).has_cause, 1);
  EXPECT_EQ(evidence("Save \"x\" to a.txt", 1).has_cause, 1);
  EXPECT_EQ(evidence("a.txt", 1).has_cause, 0);
}

TEST(LeadIn, IsAStatementBeforeTheTask) {
  const Lexicon lexicon(file_and_web_tools());
  const auto leads = [&](const char* first, const char* second) {
    return is_lead_in({first, second}, 0, lexicon);
  };
  EXPECT_TRUE(leads("lol I totally forgot", "open a.txt"));
  EXPECT_TRUE(leads("Coffee first, but", "open a.txt"));
  EXPECT_FALSE(leads("Open the letter", "save it to b.txt"));
  EXPECT_FALSE(leads("Could you open it", "save it to b.txt"));
  EXPECT_FALSE(leads("I have a.txt", "save it to b.txt")) << "it names a place";
  EXPECT_FALSE(is_lead_in({"I am so tired"}, 0, lexicon)) << "nothing is behind it";
}

TEST(LeadIn, AsksOnlyToBeTold) {
  const Lexicon lexicon(file_and_web_tools());
  EXPECT_TRUE(only_asks_to_be_told("tell me what it says", lexicon));
  EXPECT_TRUE(only_asks_to_be_told("where is it?", lexicon));
  EXPECT_FALSE(only_asks_to_be_told("show me a.txt", lexicon));
  EXPECT_TRUE(is_ruled_out("don't change anything"));
  EXPECT_FALSE(is_ruled_out("don't forget the milk"));
}

}  // namespace
}  // namespace deed
