#include "deed/llm/local/dictation.hpp"
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

TEST(Segments, CutsBeforeSomebodyToWhomSomethingIsDue) {
  EXPECT_THAT(clauses("Add \"2nd cut done\" to log.txt. And the club (ann@club.example) must hear by mail that it is done."),
              ElementsAre("Add \"2nd cut done\" to log.txt.", "the club (ann@club.example) must hear by mail that it is done."));
  EXPECT_THAT(clauses("I need a copy of a.md as b.md, and my chief (bob@uni.example) has to get a.md as an attachment"),
              ElementsAre("I need a copy of a.md as b.md", "my chief (bob@uni.example) has to get a.md as an attachment"));
}

TEST(Segments, CutsBehindAQuotationThatAColonLedTo) {
  EXPECT_THAT(clauses("save as a.txt: \"Keys back\". then mail ann@flat.example: it was returned"),
              ElementsAre("save as a.txt: \"Keys back\".", "mail ann@flat.example: it was returned"));
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

TEST(Segments, AThenBeginsAStepWithoutAVerbWherePlacesStandOnBothSides) {
  EXPECT_THAT(clauses("I need http://h/x kept in a.txt, and then that file has to go to ann@example.org"),
              ElementsAre("I need http://h/x kept in a.txt", "that file has to go to ann@example.org"));
  EXPECT_THAT(clauses("Send a.txt to ann@example.org. Thereafter, kindly note \"sent\" in b.txt",
                      {.starting = stems("note"), .naming = {}}),
              ElementsAre("Send a.txt to ann@example.org.", "note \"sent\" in b.txt"));
  const std::string one = "Tell ann@example.org that we met and then the train left";
  EXPECT_THAT(clauses(one), ElementsAre(one));
}

TEST(Segments, WhatIsToBeDoneToSomethingIsAStep) {
  EXPECT_THAT(clauses("Write \"hi\" into a.txt and have it sent to ann@example.org"),
              ElementsAre("Write \"hi\" into a.txt", "have it sent to ann@example.org"));
  EXPECT_THAT(clauses("Fetch http://h/x, file it as a.txt"), ElementsAre("Fetch http://h/x", "file it as a.txt"));
  const std::string noun = "Read the file and the file below";
  EXPECT_THAT(clauses(noun), ElementsAre(noun));
}

TEST(Segments, APoliteQuestionBehindAStatementIsAStepOfItsOwn) {
  EXPECT_THAT(clauses("My hands are full, would you mind telling me what a.txt says"),
              ElementsAre("My hands are full", "would you mind telling me what a.txt says"));
  const std::string tag = "Send a.txt to ann@example.org, would you";
  EXPECT_THAT(clauses(tag), ElementsAre(tag));
}

TEST(Segments, AThirdPersonIsNoOrder) {
  const std::string request = "It goes by POST to http://h/x and reads {\"a\": 1}";
  EXPECT_THAT(clauses(request), ElementsAre(request));
}

TEST(Segments, ANewSentenceThatAlsoAsksEndsDictatedText) {
  EXPECT_THAT(clauses("Write into a.txt: hive 3 is well. Also read b.txt"),
              ElementsAre("Write into a.txt: hive 3 is well.", "read b.txt"));
}

TEST(Segments, KoreanThenCuts) {
  EXPECT_THAT(clauses("a.txt 끝에 \"완료\" 한 줄, 그다음 lee@x.example 한테 끝났다고 메일"),
              ElementsAre("a.txt 끝에 \"완료\" 한 줄", "lee@x.example 한테 끝났다고 메일"));
}

TEST(Segments, AStatementThatTheOrderPointsToIsTold) {
  const StepWords words{.starting = stems("remember"), .naming = {}};
  const std::string told = "We have moved to Bern. Please remember this";
  EXPECT_EQ(told_before(told, words), std::string("We have moved to Bern").size());
  EXPECT_EQ(told_before("We have moved to Bern. Remember to read a.txt", words), 0u);
  EXPECT_EQ(told_before("Read a.txt. Remember this", words), 0u);
  EXPECT_EQ(told_before("Hello there. Remember this", words), 0u);
  EXPECT_EQ(told_before("Is it raining in Bern? Remember this.", words), 0u);
  EXPECT_EQ(told_before(std::string(100'000, '.'), words), 0u);
}

TEST(Segments, WhatAddressSomebodyIsToldAtEndsWhereTheTextBegins) {
  const std::string said = "tell dana@x.example order 5512 is cancelled";
  EXPECT_EQ(find_dictation(said).begin, said.find("order"));
  const std::string article = "Tell Dana (dana@x.example) the meeting is off";
  EXPECT_EQ(find_dictation(article).begin, article.find("the meeting"));
  for (const char* none : {"tell dana@x.example about the meeting", "tell dana@x.example the latest news of it",
                           "send dana@x.example the minutes of May", "tell dana@x.example what a.txt says"})
    EXPECT_EQ(find_dictation(none).begin, std::string::npos) << none;
}

TEST(Segments, WhatSomebodyIsAskedToDoIsSaid) {
  for (const char* request : {"ask him by email to come on Tuesday", "Remind ann@x.example to come on Tuesday"}) {
    const std::string text = request;
    EXPECT_EQ(find_dictation(text).begin, text.find("come")) << text;
  }
  EXPECT_EQ(find_dictation("ask him about the roof").begin, std::string::npos);
}

TEST(Segments, WhatIsNeededSomewhereIsSaid) {
  const std::string text = "I need bread and stamps added to my list errands.txt";
  const Dictation said = find_dictation(text);
  ASSERT_NE(said.begin, std::string::npos);
  EXPECT_EQ(text.substr(said.begin, said.end - said.begin), "bread and stamps");
  for (const char* none : {"I need a list of all files written to a.txt", "I need a.txt added to b.txt"})
    EXPECT_EQ(find_dictation(none).begin, std::string::npos) << none;
}

TEST(Segments, ASentenceAboutTheErrandEndsWhatIsSaid) {
  const std::string text = "Let the vet know the cat is ill. Her address is in contacts.txt";
  const Dictation said = find_dictation(text);
  EXPECT_EQ(text.substr(said.begin, said.end - said.begin), " the cat is ill");
}

TEST(Segments, WhatAPageSaysIsAskedForHoweverLongItsName) {
  EXPECT_EQ(find_dictation("I need to know what http://127.0.0.1:8080/faq/all says about refunds").begin, std::string::npos);
}

TEST(Segments, AVerbBehindTheNameOfAFileIsAnOrderAndNoText) {
  for (const char* request : {"handover.txt: read", "handover.txt: read, mail contents to kim@x.example"})
    EXPECT_EQ(find_dictation(request).begin, std::string::npos) << request;
  EXPECT_NE(find_dictation("handover.txt: bed 4 is free").begin, std::string::npos);
}

TEST(Segments, WordsThatAnnounceAQuotationAreNoText) {
  EXPECT_EQ(find_dictation("create a.txt containing the sentence \"It is done.\"").begin, std::string::npos);
  EXPECT_EQ(find_dictation("tell him the keys are under the pot").begin, std::string("tell him ").size());
}

}  // namespace
}  // namespace deed
