// What is read out of a description, and what other languages come to in English.
#include "deed/llm/local/description.hpp"
#include "deed/llm/local/glossary.hpp"
#include "deed/llm/local/plan.hpp"
#include "deed/llm/local/planner.hpp"
#include "deed/llm/local/segments.hpp"

#include <gmock/gmock.h>

namespace deed {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Described {
  Json schema;
  Property property;
  Described(std::string name, std::string type, std::string description)
      : schema{{"type", type}, {"description", std::move(description)}},
        property{.name = std::move(name), .schema = &schema, .type = std::move(type)} {}
};

TEST(Description, ListsTheValuesThatItNamesButNotItsExamples) {
  EXPECT_THAT(stated_values(Described("phase", "string", "Can be 'melting' or 'freezing'.").property),
              ElementsAre("melting", "freezing"));
  EXPECT_THAT(stated_values(Described("city", "string", "A city, e.g. 'Oslo' or 'Bern'.").property), IsEmpty());
  EXPECT_THAT(stated_values(Described("unit", "string", "The unit. Default is 'km'.").property), IsEmpty());
}

TEST(Description, SaysTheDefaultInTheTypeOfTheValue) {
  EXPECT_EQ(stated_default(Described("a", "boolean", "Sorted. Default is true.").property), Json(true));
  EXPECT_EQ(stated_default(Described("a", "integer", "How many, default: 5").property), Json(5));
  EXPECT_EQ(stated_default(Described("a", "string", "Unit, defaults to 'km'").property), Json("km"));
  EXPECT_EQ(stated_default(Described("a", "string", "By default the whole text").property), std::nullopt);
  EXPECT_EQ(stated_default(Described("a", "integer", "How many").property), std::nullopt);
}

TEST(Description, KnowsItsUnits) {
  const Described heat("heat_capacity", "number", "The heat capacity in J/K."), height("height", "number", "The height in meters.");
  EXPECT_TRUE(speaks_of_unit(heat.property, "J/K"));
  EXPECT_TRUE(speaks_of_unit(height.property, "m"));
  EXPECT_FALSE(speaks_of_unit(height.property, "kg"));
  EXPECT_FALSE(speaks_of_unit(heat.property, ""));
}

TEST(Glossary, PutsWhatIsNotQuotedIntoEnglish) {
  EXPECT_EQ(in_english_words("메일 \"메일\" 보내줘", language_of("메일 보내줘")), "email \"메일\" send");
  const std::string german = "Lies die Datei plan.txt";
  EXPECT_EQ(language_of(german), Language::german);
  EXPECT_EQ(in_english_words(german, Language::german), "read the file plan.txt");
}

TEST(Glossary, KnowsTheFormsOfAVerbByItsBeginning) {
  EXPECT_EQ(in_english_words("Veuillez transmettre", Language::french), "please forward");
  EXPECT_EQ(in_english_words("Datei kopieren", Language::german), "file copy");
  EXPECT_EQ(in_english_words("localice el archivo", Language::spanish), "find the file");
}

TEST(Glossary, OneLongWordOfALanguageIsEnoughWhereNoneIsEnglish) {
  EXPECT_EQ(language_of("Retenir : 5 rue Noire"), Language::french);
  EXPECT_EQ(language_of("a.txt nach b.txt kopieren"), Language::german);
  EXPECT_EQ(language_of("Mail this to the los-angeles.txt team"), Language::english);
}

TEST(Glossary, TellsNoLanguageByTheWordsOfAPathOrByThoseOfSeveral) {
  const std::string german = "Benenne the.txt in done.txt um.";
  EXPECT_EQ(language_of(german), Language::german);
  EXPECT_EQ(in_english_words(german, Language::german), "rename the.txt in done.txt um.");
  EXPECT_EQ(in_english_words("notes.txt의 이름을 done.txt로 변경해", Language::korean), "notes.txt의 named done.txt로 change");
  EXPECT_EQ(in_english_words("이름을 바꿔", Language::korean), "named change");
  EXPECT_EQ(language_of("Transfer it in nach.txt"), Language::english);
}

TEST(Glossary, LeavesEnglishAlone) {
  for (const char* text : {"Send an email to Ann", "He lies in the text", "Write a note and mail it"}) {
    EXPECT_EQ(language_of(text), Language::english) << text;
    EXPECT_EQ(in_english_words(text, language_of(text)), text);
  }
}

TEST(Segments, AQuestionIsNoPoliteRequest) {
  EXPECT_TRUE(is_question("Do you remember my number?"));
  EXPECT_TRUE(is_question("What is in todo.md?"));
  EXPECT_FALSE(is_question("Could you send it to Ann?"));
  EXPECT_FALSE(is_question("Why don't you send it?"));
  EXPECT_FALSE(is_question("Do it now."));
}

TEST(Plan, PairsOfPlacesAreAStepEach) {
  EXPECT_THAT(plan_of("Save http://a.org/x to a.txt and http://b.org/y to b.txt", {}),
              ElementsAre("Save http://a.org/x to a.txt", "Save http://b.org/y to b.txt"));
  EXPECT_THAT(plan_of("Email a@x.org and b@x.org about c.txt and d.txt", {}), testing::SizeIs(1));
}

TEST(Plan, AStatementOfAPlaceIsOneStepWithTheOrderBehindIt) {
  EXPECT_THAT(plan_of("Our dates are up on http://h/june, finally! Fetch them and save it to a.txt", {}),
              ElementsAre("Our dates are up on http://h/june, finally! Fetch them", "save it to a.txt"));
  EXPECT_THAT(plan_of("Read a.txt, then write it to b.txt", {}), testing::SizeIs(2));
  EXPECT_THAT(plan_of("a.txt + line: eggs. Also read b.txt", {}), testing::SizeIs(2));
}

TEST(Plan, EachOfSeveralPlacesIsAStepWhereNothingElseIsNamed) {
  EXPECT_THAT(plan_of("show me a.txt and b.txt", {}), ElementsAre("show me a.txt", "show me b.txt"));
  EXPECT_THAT(plan_of("copy a.txt to b.txt", {}), testing::SizeIs(1));
  EXPECT_THAT(plan_of("send a.txt and b.txt to ann@example.org", {}), testing::SizeIs(1));
}

TEST(Plan, NumberedStepsAreSteps) {
  EXPECT_THAT(plan_of("1) read a.txt  2) save it as b.txt", {}), testing::SizeIs(2));
  EXPECT_THAT(plan_of("plan.txt 읽고 그 내용을 저장해줘", {}), testing::SizeIs(2));
}

}  // namespace
}  // namespace deed
