#include "deed/llm/local/address_source.hpp"
#include "deed/llm/local/material.hpp"
#include "deed/llm/local/plan.hpp"

#include <gmock/gmock.h>

namespace deed {
namespace {

using testing::ElementsAre;

std::string transferred(const std::string& clause) {
  const ClauseStep step{clause};
  const Material material(step);
  if (!material.transfer) return "";
  return std::string(material.transfer->from.in(clause)) + " > " + std::string(material.transfer->to.in(clause));
}

TEST(Transfer, TheWordsBeforeTwoPlacesSayWhatGoesWhere) {
  EXPECT_EQ(transferred("copy a.txt to b.txt"), "a.txt > b.txt");
  EXPECT_EQ(transferred("a.txt -> b.txt"), "a.txt > b.txt");
  EXPECT_EQ(transferred("into b.txt goes a.txt"), "a.txt > b.txt");
  EXPECT_EQ(transferred("Whatever's in a.txt, have the same in b.txt as well"), "a.txt > b.txt");
  EXPECT_EQ(transferred("Grab the text at https://example.org/naan and stash it in naan.txt"), "https://example.org/naan > naan.txt");
  EXPECT_EQ(transferred("le contenu de b.txt soit ajouté à la suite de a.txt"), "b.txt > a.txt");
}

TEST(Transfer, TwoPlacesThatAreOnlyNamedAreNone) {
  EXPECT_EQ(transferred("show me a.txt and b.txt"), "");
  EXPECT_EQ(transferred("read a.txt"), "");
}

struct Said {
  std::string place;
  bool is_memory;
};
Said source_in(const std::string& clause) {
  const ClauseStep step{clause};
  const Material material(step);
  const AddressSource& source = material.address_source;
  return {source.place ? std::string(source.place->in(clause)) : "", source.is_memory};
}

TEST(AddressSource, IsWhereTheWordsSayThatAnAddressStands) {
  EXPECT_EQ(source_in("The vet's address is in contacts.txt - would you write to her that Rex is ill?").place, "contacts.txt");
  EXPECT_EQ(source_in("Write to the address in who.txt that dinner is at six").place, "who.txt");
  EXPECT_EQ(source_in("contacts.txt has her email, tell her that I am late").place, "contacts.txt");
  EXPECT_TRUE(source_in("Tell Theo that it rains. You know his email address").is_memory);
}

TEST(AddressSource, IsNoneWhereAnAddressIsWrittenDownOrGiven) {
  EXPECT_EQ(source_in("Save Ann's address in contacts.txt").place, "");
  EXPECT_EQ(source_in("Send the address list in list.txt to ann@example.org").place, "");
  EXPECT_EQ(source_in("What is in contacts.txt?").place, "");
  EXPECT_FALSE(source_in("Do you know what time it is?").is_memory);
}

TEST(Material, AParticleMayStandBehindAKoreanQuotation) {
  const std::string clause = "장보기.txt 맨 아래에 '두부 한 모'도 추가해 줘";
  const ClauseStep step{clause};
  const Material material(step);
  ASSERT_EQ(material.quotes.size(), 1u);
  EXPECT_EQ(material.quotes[0].in(clause), "두부 한 모");
}

TEST(Material, AQuotationWithASlashAmongItsWordsIsNoPath) {
  const std::string clause = "Put \"guest / plum-kettle\" into wifi.txt";
  const ClauseStep step{clause};
  const Material material(step);
  ASSERT_EQ(material.pieces.at(SlotKind::path).size(), 1u);
  EXPECT_EQ(material.pieces.at(SlotKind::path)[0].span.in(clause), "wifi.txt");
}

TEST(Material, DictatedTextEndsWhereACopyIsAskedFor) {
  const std::string clause = "Tell ann@example.org that we start at six, and slip bob@example.org in as a blind copy";
  const ClauseStep step{clause};
  const Material material(step);
  ASSERT_NE(material.dictation, clause.npos);
  EXPECT_EQ(clause.substr(material.dictation, material.dictation_end - material.dictation), " we start at six");
}

TEST(Plan, AMailForEachAddressThatAColonStandsBehind) {
  EXPECT_THAT(plan_of("2 mails. bob@example.org: start at 7. sue@example.org: start at 9", {}),
              ElementsAre("Email bob@example.org: start at 7.", "Email sue@example.org: start at 9"));
}

}  // namespace
}  // namespace deed
