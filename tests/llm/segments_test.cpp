#include "deed/llm/local/segments.hpp"

#include <gmock/gmock.h>

#include <string>

namespace deed {
namespace {

using testing::ElementsAre;

std::vector<std::string> clauses(const std::string& request, const StepWords& words = {}) {
  std::vector<std::string> result;
  for (const Span& span : find_clauses(request, words)) result.emplace_back(span.in(request));
  return result;
}

TEST(Segments, CutsBeforeAVerbThatAJointPrecedes) {
  EXPECT_THAT(clauses("Read a.txt and email it to ann@example.org"),
              ElementsAre("Read a.txt", "email it to ann@example.org"));
  EXPECT_THAT(
      clauses(
          "Download http://h/x, save it as x.json, then tell ops@example.org that it is there."),
      ElementsAre("Download http://h/x", "save it as x.json",
                  "tell ops@example.org that it is there."));
  EXPECT_THAT(clauses("Read a.txt. After that send it to ann@example.org"),
              ElementsAre("Read a.txt.", "send it to ann@example.org"));
}

TEST(Segments, NeverCutsInsideAQuotation) {
  const std::string request =
      "Send ann@example.org the text \"read this, then open the door and write back\"";
  EXPECT_THAT(clauses(request), ElementsAre(request));
}

TEST(Segments, LeavesDictatedTextWholeUnlessThenEndsIt) {
  const std::string request = "Tell bob@example.org that we came home and read the book";
  EXPECT_THAT(clauses(request), ElementsAre(request));
  EXPECT_THAT(
      clauses("Write to bob@example.org: come home and call me, then list the files in docs"),
      ElementsAre("Write to bob@example.org: come home and call me", "list the files in docs"));
}

TEST(Segments, GoesOnBehindADictatedQuotation) {
  EXPECT_THAT(clauses("Send a mail to a@b.example saying \"hi\" and list the files in docs"),
              ElementsAre("Send a mail to a@b.example saying \"hi\"", "list the files in docs"));
}

TEST(Segments, TakesAnArgumentsVerbForNoStepOfItsOwn) {
  const StepWords words{.starting = {}, .naming = stems("attachments")};
  const std::string request = "Mail ann@example.org saying \"hi\" and attach report.csv";
  EXPECT_THAT(clauses(request, words), ElementsAre(request));
}

TEST(Segments, KnowsTheVerbsOfTheToolsOnOffer) {
  const StepWords words{.starting = stems("reserve"), .naming = {}};
  EXPECT_THAT(clauses("Find a table for two and reserve it", words),
              ElementsAre("Find a table for two", "reserve it"));
}

TEST(Segments, KeepsAFileThatIsCalledLikeAVerbInItsClause) {
  const std::string request = "Show a.txt and read.me, list/b.txt and send@example.org";
  EXPECT_THAT(clauses(request), ElementsAre(request));
}

TEST(Segments, GoesOnAboutAPersonInTheSameClause) {
  const std::string request = "Mail eve@example.com and tell her that dinner is ready";
  EXPECT_THAT(clauses(request), ElementsAre(request));
}

TEST(Segments, GivesTheRestToTheLastClauseAtTheLimit) {
  std::string request = "Read a.txt";
  for (int i = 0; i < 100; ++i) request += ", then read a.txt";
  EXPECT_EQ(find_clauses(request, {}, 5).size(), 5u);
}

TEST(Segments, IsEmptyForARequestOfBlanks) { EXPECT_THAT(clauses(" \n\t, ; "), ElementsAre()); }

TEST(Segments, SeesWhetherAClausePointsBack) {
  EXPECT_TRUE(refers_back("email it to ann@example.org"));
  EXPECT_TRUE(refers_back("save the response to a.txt"));
  EXPECT_FALSE(refers_back("write \"it\" to a.txt"));
  EXPECT_FALSE(refers_back("write an item to a.txt"));
}

TEST(Segments, ReadsTwoMegabytesOfVerbsWithinItsLimits) {
  std::string request;
  while (request.size() < (2u << 20)) request += "and read then ";
  EXPECT_LE(find_clauses(request, {}).size(), 16u);
}

}  // namespace
}  // namespace deed
