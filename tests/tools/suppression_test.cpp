#include "deed/tools/suppression.hpp"

#include "deed/tests/tools/tool_doubles.hpp"

#include <gmock/gmock.h>

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Suppression list_of(std::initializer_list<const char*> entries) {
  Suppression list;
  for (const char* entry : entries) EXPECT_OK(list.add(entry));
  return list;
}
std::string match(const Suppression& list, const char* address) { return list.match(EmailAddress::parse(address).value()).value_or(""); }

TEST(Suppression, KnowsAnAddressInEverySpelling) {
  const Suppression list = list_of({"Ann@Example.ORG", "bob@bücher.example", "jörg@example.org"});
  EXPECT_EQ(match(list, "ann@example.org"), "ann@example.org");
  EXPECT_EQ(match(list, "ANN@example.Org"), "ann@example.org");
  EXPECT_EQ(match(list, "bob@xn--bcher-kva.example"), "bob@xn--bcher-kva.example");
  EXPECT_EQ(match(list, "BOB@BÜCHER.example"), "bob@xn--bcher-kva.example");
  EXPECT_EQ(match(list, "bob@XN--BCHER-KVA.EXAMPLE"), "bob@xn--bcher-kva.example");
  EXPECT_EQ(match(list, "JÖRG@example.org"), "jörg@example.org");
  EXPECT_EQ(match(list, "jo\xCC\x88rg@example.org"), "jörg@example.org") << "decomposed";
}

TEST(Suppression, ADomainStandsForAllBelowIt) {
  const Suppression list = list_of({"example.org", "@Bücher.example"});
  EXPECT_EQ(match(list, "ann@example.org"), "@example.org");
  EXPECT_EQ(match(list, "ann@mail.example.org"), "@example.org");
  EXPECT_EQ(match(list, "ann@xn--bcher-kva.example"), "@xn--bcher-kva.example");
  EXPECT_EQ(match(list, "ann@notexample.org"), "");
  EXPECT_EQ(match(list, "example.org@other.net"), "");
  EXPECT_EQ(match(list, "ann@org"), "");
  EXPECT_EQ(match(list_of({"@localhost"}), "ann@LOCALHOST"), "@localhost");
}

TEST(Suppression, AnAddressStandsForItselfOnly) {
  const Suppression list = list_of({"ann@example.org"});
  EXPECT_EQ(match(list, "bob@example.org"), "");
  EXPECT_EQ(match(list, "ann+news@example.org"), "");
  EXPECT_EQ(match(list, "ann@mail.example.org"), "");
}

TEST(Suppression, RefusesWhatIsNeither) {
  for (const char* entry : {"", " ", "@", "word", "ann@", "ann@@example.org", "an n@example.org", "*@example.org extra", "exa\nmple.org", ".org", "a..b"}) {
    EXPECT_THAT(Suppression::canonical(entry), IsError(ErrorKind::invalid)) << entry;
  }
}

TEST(SuppressedFile, IsAddedToAndTakenFromAndReadAgain) {
  TempFolder folder;
  const std::string path = folder.at("suppressed");
  EXPECT_TRUE(load_suppressed(path)->empty());
  EXPECT_EQ(change_suppressed(path, {{"ann@example.org", "bounced 5.1.1"}, {"@example.net"}}, {}).value(), 2u);
  EXPECT_EQ(change_suppressed(path, {{"ann@example.org", "again"}}, {}).value(), 0u);
  EXPECT_EQ(folder.get("suppressed"), "ann@example.org bounced 5.1.1\n@example.net\n");
  EXPECT_EQ(change_suppressed(path, {}, {"@example.net", "@unknown.org"}).value(), 1u);
  const auto left = load_suppressed(path);
  ASSERT_OK(left);
  ASSERT_EQ(left->size(), 1u);
  EXPECT_EQ(left->front().why, "bounced 5.1.1");
}

TEST(SuppressedFile, IsReadAgainWhereItHasChangedAndNotOtherwise) {
  TempFolder folder;
  const std::string path = folder.at("suppressed");
  Suppression own;
  ASSERT_OK(own.add("x.org"));
  const SuppressionNow now = suppression_now(own, path);
  const auto first = now().value();
  EXPECT_THAT(first->entries(), ElementsAre("@x.org"));
  EXPECT_EQ(now().value(), first) << "the very same";
  ASSERT_OK(change_suppressed(path, {{"ann@y.org"}}, {}));
  EXPECT_THAT(now().value()->entries(), ElementsAre("@x.org", "ann@y.org"));
  ASSERT_OK(change_suppressed(path, {{"bob@y.org"}}, {"ann@y.org"}));
  EXPECT_THAT(now().value()->entries(), ElementsAre("@x.org", "bob@y.org"));
  folder.put("suppressed", "nonsense\n");
  EXPECT_THAT(now(), IsError(ErrorKind::corrupt));
  EXPECT_THAT(now(), IsError(ErrorKind::corrupt)) << "it is not the older one either";
}

TEST(SuppressedFile, IsRefusedAsAWholeWhereOneLineIsWrong) {
  TempFolder folder;
  folder.put("suppressed", "# who asked us to stop\nAnn@example.org\n\nnot an address at all@\n");
  EXPECT_THAT(load_suppressed(folder.at("suppressed")), IsError(ErrorKind::corrupt, HasSubstr("suppressed:4")));
}

}  // namespace
}  // namespace deed
