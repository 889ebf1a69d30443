#include "deed/tools/root_dir.hpp"

#include "deed/tests/tools/tool_doubles.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string key = sha256_hex("a call");

class RootDirTest : public testing::Test {
 protected:
  RootDirTest() { outside_.put("secret.txt", "secret"); }

  RelativePath path(std::string_view text) const {
    auto parsed = root_->parse(text);
    EXPECT_OK(parsed);
    return *parsed;
  }
  void link(const std::string& target, const std::string& name) const {
    ASSERT_EQ(::symlink(target.c_str(), folder_.at(name).c_str()), 0);
  }
  Result<void> write(const std::string& name, std::string_view bytes) const {
    DEED_TRY(const auto staged, root_->stage(path(name), bytes, key));
    DEED_OK(staged->commit());
    return staged->sync();
  }
  std::vector<std::string> paths(const Result<Listing>& listing) const {
    std::vector<std::string> out;
    EXPECT_OK(listing);
    for (const FolderEntry& entry : listing->entries) out.push_back(entry.path);
    return out;
  }

  TempFolder folder_, outside_;
  std::unique_ptr<RootDir> root_ = *open_root_dir(folder_.path());
};

TEST_F(RootDirTest, ThatIsNotThereOrNoFolderIsAClearError) {
  folder_.put("file", "");
  EXPECT_THAT(open_root_dir(folder_.at("nothing")),
              IsError(ErrorKind::not_found, HasSubstr("--root")));
  EXPECT_THAT(open_root_dir(folder_.at("file")), IsError(ErrorKind::invalid, HasSubstr("--root")));
}

TEST_F(RootDirTest, RefusesPathsThatLeaveByDotDot) {
  for (const char* text : {"..", "../secret.txt", "a/../../secret.txt", "./.."}) {
    EXPECT_THAT(root_->parse(text), IsError(ErrorKind::denied)) << text;
  }
}

TEST_F(RootDirTest, TakesAbsolutePathsBelowItselfOnly) {
  EXPECT_EQ(path(folder_.at("a/b.txt")).text(), "a/b.txt");
  EXPECT_EQ(path(folder_.path()).text(), ".");
  for (const std::string& text :
       {outside_.at("secret.txt"), folder_.path() + "-other/x", folder_.at("../x"),
        std::string("/etc/passwd"), std::string("/")}) {
    EXPECT_THAT(root_->parse(text), IsError(ErrorKind::denied)) << text;
  }
}

TEST_F(RootDirTest, TakesAbsolutePathsThroughALinkToItself) {
  ASSERT_EQ(::symlink(folder_.path().c_str(), outside_.at("way").c_str()), 0);
  auto root = open_root_dir(outside_.at("way/"));
  ASSERT_OK(root);
  EXPECT_EQ((*root)->parse(outside_.at("way/x"))->text(), "x");
  EXPECT_EQ((*root)->parse(folder_.at("x"))->text(), "x");
}

TEST_F(RootDirTest, ReadsThroughLinksThatStayInside) {
  folder_.put("sub/real.txt", "text");
  link("sub/real.txt", "link.txt");
  const auto piece = root_->read(path("link.txt"), 0, 100);
  ASSERT_OK(piece);
  EXPECT_EQ(piece->bytes, "text");
}

TEST_F(RootDirTest, DeniesLinksThatLeave) {
  link(outside_.at("secret.txt"), "absolute.txt");
  link("../" + std::filesystem::path(outside_.path()).filename().string() + "/secret.txt",
       "relative.txt");
  link(outside_.path(), "folder");
  link("/proc/self/root", "magic");
  for (const char* name : {"absolute.txt", "relative.txt", "folder/secret.txt"}) {
    EXPECT_THAT(root_->read(path(name), 0, 100),
                IsError(ErrorKind::denied, HasSubstr("leaves the working folder")))
        << name;
  }
  EXPECT_THAT(root_->read(path("magic/etc/passwd"), 0, 100), IsError(ErrorKind::denied));
  EXPECT_THAT(root_->list(path("folder"), 10), IsError(ErrorKind::denied));
  EXPECT_THAT(root_->stage(path("folder/new.txt"), "x", key), IsError(ErrorKind::denied));
  EXPECT_THAT(outside_.names(), ElementsAre("secret.txt"));
}

TEST_F(RootDirTest, StaysWithTheFolderThatItOpenedWhenTheNameIsGivenToAnother) {
  folder_.put("inner/a.txt", "mine");
  auto root = *open_root_dir(folder_.at("inner"));
  std::filesystem::rename(folder_.at("inner"), folder_.at("moved"));
  link(outside_.path(), "inner");
  const auto piece = root->read(*root->parse("a.txt"), 0, 100);
  ASSERT_OK(piece);
  EXPECT_EQ(piece->bytes, "mine");
  EXPECT_THAT(root->read(*root->parse("secret.txt"), 0, 100), IsError(ErrorKind::not_found));
}

TEST_F(RootDirTest, ReadsAPieceAndKnowsTheWholeSize) {
  folder_.put("a.txt", "0123456789");
  const auto piece = root_->read(path("a.txt"), 3, 4);
  ASSERT_OK(piece);
  EXPECT_EQ(piece->bytes, "3456");
  EXPECT_EQ(piece->size, 10u);
  EXPECT_EQ(root_->read(path("a.txt"), 50, 4)->bytes, "");
}

TEST_F(RootDirTest, SaysThatAFileIsMissing) {
  EXPECT_THAT(root_->read(path("nothing.txt"), 0, 10),
              IsError(ErrorKind::not_found, HasSubstr("file.list")));
}

TEST_F(RootDirTest, NeverWaitsForAPipe) {
  ASSERT_EQ(::mkfifo(folder_.at("pipe").c_str(), 0600), 0);
  EXPECT_THAT(root_->read(path("pipe"), 0, 10), IsError(ErrorKind::invalid, HasSubstr("pipe")));
  EXPECT_THAT(root_->stage(path("pipe"), "x", key), IsError(ErrorKind::invalid));
}

TEST_F(RootDirTest, SaysThatAFolderIsNoFileAndAFileNoFolder) {
  folder_.put("sub/a.txt", "x");
  EXPECT_THAT(root_->read(path("sub"), 0, 10), IsError(ErrorKind::invalid, HasSubstr("file.list")));
  EXPECT_THAT(root_->list(path("sub/a.txt"), 10),
              IsError(ErrorKind::invalid, HasSubstr("file.read")));
  EXPECT_THAT(root_->read(path("sub/a.txt/b"), 0, 10), IsError(ErrorKind::invalid));
  EXPECT_THAT(root_->stage(path("sub"), "x", key),
              IsError(ErrorKind::invalid, HasSubstr("folder")));
  EXPECT_THAT(root_->stage(path("."), "x", key), IsError(ErrorKind::invalid, HasSubstr("folder")));
}

TEST_F(RootDirTest, RefusesAFileThatIsTooLargeToBeTakenWhole) {
  folder_.put("large", "");
  std::filesystem::resize_file(folder_.at("large"), max_whole_file_bytes + 1);
  EXPECT_THAT(root_->read_whole(path("large")), IsError(ErrorKind::limit, HasSubstr("67.1 MB")));
}

TEST_F(RootDirTest, RefusesToWriteMoreThanItWouldRead) {
  const std::string bytes(max_whole_file_bytes + 1, 'x');
  EXPECT_THAT(root_->stage(path("large"), bytes, key), IsError(ErrorKind::limit));
  EXPECT_THAT(folder_.names(), IsEmpty());
}

TEST_F(RootDirTest, ShowsNothingOfANewFileUntilCommit) {
  auto staged = root_->stage(path("a/b/new.txt"), "text", key);
  ASSERT_OK(staged);
  EXPECT_FALSE(folder_.has("a"));
  EXPECT_EQ(folder_.names().size(), 1u) << "only the temporary file";
  ASSERT_OK((*staged)->commit());
  ASSERT_OK((*staged)->sync());
  EXPECT_EQ(folder_.get("a/b/new.txt"), "text");
  EXPECT_THAT(folder_.names(), ElementsAre("a"));
}

TEST_F(RootDirTest, LeavesNothingOfAStagedFileThatIsGivenUp) {
  folder_.put("a.txt", "old");
  { const auto staged = root_->stage(path("a.txt"), "new", key); }
  EXPECT_THAT(folder_.names(), ElementsAre("a.txt"));
  EXPECT_EQ(folder_.get("a.txt"), "old");
}

TEST_F(RootDirTest, KnowsAStagedFileThatWasKeptAndReplacesItsLeftover) {
  {
    const auto staged = root_->stage(path("a.txt"), "first attempt", key);
    ASSERT_OK(staged);
    (*staged)->keep();
  }
  EXPECT_TRUE(*root_->has_staged(path("a.txt"), key));
  EXPECT_FALSE(*root_->has_staged(path("a.txt"), sha256_hex("another call")));
  ASSERT_OK(write("a.txt", "second attempt"));
  EXPECT_FALSE(*root_->has_staged(path("a.txt"), key));
  EXPECT_EQ(folder_.get("a.txt"), "second attempt");
  EXPECT_THAT(folder_.names(), ElementsAre("a.txt"));
}

TEST_F(RootDirTest, FindsALeftoverThatLiesAboveAFolderMadeMeanwhile) {
  {
    const auto staged = root_->stage(path("a/b.txt"), "first attempt", key);
    (*staged)->keep();
  }
  folder_.put("a/other.txt", "");
  EXPECT_TRUE(*root_->has_staged(path("a/b.txt"), key));
  ASSERT_OK(write("a/b.txt", "second attempt"));
  EXPECT_THAT(folder_.names(), ElementsAre("a"));
}

TEST_F(RootDirTest, KeepsThePermissionsOfAFileThatItReplaces) {
  folder_.put("a.sh", "old");
  ASSERT_EQ(::chmod(folder_.at("a.sh").c_str(), 0750), 0);
  ASSERT_OK(write("a.sh", "new"));
  struct stat st = {};
  ASSERT_EQ(::stat(folder_.at("a.sh").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0750u);
}

TEST_F(RootDirTest, DoesNotWriteThroughLinks) {
  link(outside_.at("secret.txt"), "out.txt");
  link("a.txt", "in.txt");
  folder_.put("a.txt", "old");
  EXPECT_THAT(root_->stage(path("out.txt"), "x", key),
              IsError(ErrorKind::invalid, HasSubstr("link")));
  EXPECT_THAT(root_->stage(path("in.txt"), "x", key),
              IsError(ErrorKind::invalid, HasSubstr("link")));
  EXPECT_EQ(outside_.get("secret.txt"), "secret");
}

TEST_F(RootDirTest, DoesNotCommitOverALinkThatAppearedMeanwhile) {
  auto staged = root_->stage(path("a.txt"), "new", key);
  link(outside_.at("secret.txt"), "a.txt");
  EXPECT_THAT((*staged)->commit(), IsError(ErrorKind::invalid, HasSubstr("link")));
  EXPECT_EQ(outside_.get("secret.txt"), "secret");
}

TEST_F(RootDirTest, ListsWhatIsDirectlyInAFolderSortedWithKinds) {
  folder_.put("b.txt", "12345");
  folder_.put("a/deep.txt", "");
  link("b.txt", "c");
  const auto listing = root_->list(path("."), 10);
  ASSERT_OK(listing);
  EXPECT_THAT(listing->entries, ElementsAre(FolderEntry{"a", EntryKind::folder, 0},
                                            FolderEntry{"b.txt", EntryKind::file, 5},
                                            FolderEntry{"c", EntryKind::link, 0}));
  EXPECT_TRUE(listing->complete);
  EXPECT_THAT(paths(root_->list(path("a"), 10)), ElementsAre("a/deep.txt"));
}

TEST_F(RootDirTest, SaysThatAListingIsCut) {
  for (const char* name : {"a", "b", "c"}) folder_.put(name, "");
  const auto listing = root_->list(path("."), 2);
  EXPECT_THAT(paths(listing), ElementsAre("a", "b"));
  EXPECT_FALSE(listing->complete);
}

TEST_F(RootDirTest, FindsByNameOrPathAtAnyDepth) {
  folder_.put("top.pdf", "");
  folder_.put("x/Invoice.PDF", "");
  folder_.put("x/y/z.pdf", "");
  folder_.put("x/y/z.txt", "");
  EXPECT_THAT(paths(root_->find(path("."), "*.pdf")),
              ElementsAre("top.pdf", "x/Invoice.PDF", "x/y/z.pdf"));
  EXPECT_THAT(paths(root_->find(path("."), "**/*.pdf")),
              ElementsAre("top.pdf", "x/Invoice.PDF", "x/y/z.pdf"));
  EXPECT_THAT(paths(root_->find(path("x/y"), "z*")), ElementsAre("x/y/z.pdf", "x/y/z.txt"));
  EXPECT_THAT(paths(root_->find(path("."), "x/*.txt")), ElementsAre("x/y/z.txt"));
}

TEST_F(RootDirTest, FindNamesLinksButDoesNotFollowThem) {
  link(outside_.path(), "out");
  link(".", "loop");
  EXPECT_THAT(paths(root_->find(path("."), "*")), ElementsAre("loop", "out"));
}

TEST_F(RootDirTest, FindStopsAtItsLimitsAndSaysSo) {
  for (int i = 0; i < 5; ++i) folder_.put("d" + std::to_string(i) + "/f.txt", "");
  EXPECT_TRUE(root_->find(path("."), "f.txt")->complete);
  const auto few = root_->find(path("."), "f.txt", {.max_results = 2});
  EXPECT_EQ(few->entries.size(), 2u);
  EXPECT_FALSE(few->complete);
  EXPECT_FALSE(root_->find(path("."), "f.txt", {.max_visited = 3})->complete);
  const auto shallow = root_->find(path("."), "f.txt", {.max_depth = 1});
  EXPECT_TRUE(shallow->entries.empty());
  EXPECT_FALSE(shallow->complete);
}

}  // namespace
}  // namespace deed
