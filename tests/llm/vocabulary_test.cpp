#include "deed/llm/local/vocabulary.hpp"

#include "deed/llm/local/clause_words.hpp"
#include "deed/llm/local/glossary.hpp"
#include "deed/llm/local/korean_forms.hpp"

#include <gmock/gmock.h>

namespace deed {
namespace {

using testing::Contains;
using testing::ElementsAre;

TEST(Vocabulary, TakesTheLongestEntryThatFits) {
  const Vocabulary words("# a remark\nsend: post* mail\nletterbox: postbox postbo*\n");
  EXPECT_EQ(words.concept_of("posting"), "send");
  EXPECT_EQ(words.concept_of("postbox"), "letterbox");
  EXPECT_EQ(words.concept_of("postboy"), "letterbox");
  EXPECT_EQ(words.concept_of("mails"), "") << "no star, no other endings";
  EXPECT_EQ(words.concept_of("a"), "");
}

TEST(Vocabulary, FindsAWordWithoutItsAccentsToo) {
  const Vocabulary words("attach: anhängen\nwhere: où\nor: ou\n");
  EXPECT_EQ(words.concept_of("anhaengen"), "attach");
  EXPECT_EQ(words.concept_of("anhangen"), "attach");
  EXPECT_EQ(words.concept_as_written("anhaengen"), "");
  EXPECT_EQ(words.concept_of("où"), "where");
  EXPECT_EQ(words.concept_of("ou"), "or") << "as written, before without accents";
}

TEST(KoreanForms, ChangeTheLastSyllableOfAStem) {
  EXPECT_THAT(korean_forms("보내"), testing::IsSupersetOf({"보내", "보낼", "보낸", "보냅", "보냈"}));
  EXPECT_THAT(korean_forms("지우"), testing::IsSupersetOf({"지워", "지웠", "지울"}));
  EXPECT_THAT(korean_forms("열"), testing::IsSupersetOf({"열", "여", "연"}));
  EXPECT_THAT(korean_forms("쓰"), Contains("써"));
  EXPECT_THAT(korean_forms("읽"), ElementsAre("읽"));
  EXPECT_THAT(korean_forms("go"), ElementsAre("go"));
  EXPECT_THAT(korean_forms(""), ElementsAre(""));
}

TEST(Glossary, APronounAtTheEndOfASpanishVerbIsAWordOfItsOwn) {
  EXPECT_EQ(in_english_words("leer a.txt y enviarlo", Language::spanish), "read a.txt and send it");
  std::vector<std::string> words;
  for (const Word& word : words_in("guárdamelas", Language::spanish)) words.push_back(word.lower);
  EXPECT_THAT(words, ElementsAre("save", "them"));
  EXPECT_EQ(in_english_words("la lista", Language::spanish), "the list") << "a word that ends like one";
}

TEST(Glossary, WhoIsSpokenToInGermanIsNotWhatIsSpokenOf) {
  EXPECT_EQ(in_english_words("Können Sie sie lesen", Language::german), "please you it read");
}

TEST(Glossary, PutsBritishAndColloquialEnglishPlainly) {
  EXPECT_EQ(in_english_words("memorise it", Language::english), "remember it");
}

}  // namespace
}  // namespace deed
