#include "deed/tests/tools/tool_doubles.hpp"
#include "deed/tools/builtin.hpp"

#include <unistd.h>

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FileMove : public testing::Test {
 protected:
  Outcome move(const std::string& from, const std::string& to) { return run_tool(tool_, {{"from", from}, {"to", to}}, ctx_); }
  ProbeResult::Verdict probe(const std::string& from, const std::string& to) {
    return probe_tool(tool_, {{"from", from}, {"to", to}}, ctx_).verdict;
  }
  TempFolder folder_;
  Tool tool_ = file_move(folder_.path());
  FakeContext ctx_;
};

TEST_F(FileMove, GivesAFileAnotherNameAndMakesTheFoldersOnTheWay) {
  folder_.put("a.txt", "text");
  const Outcome out = move("a.txt", "new/deep/b.txt");
  EXPECT_THAT(out, Ended(OutcomeStatus::succeeded));
  EXPECT_EQ(out.result, (Json{{"from", "a.txt"}, {"to", "new/deep/b.txt"}}));
  EXPECT_EQ(folder_.get("new/deep/b.txt"), "text");
  EXPECT_THAT(folder_.names(), ElementsAre("new"));
  EXPECT_EQ(ctx_.dispatches, 1);
}

TEST_F(FileMove, AFolderThatIsThereOrASlashMeansIntoIt) {
  folder_.put("a.txt", "1");
  folder_.put("b.txt", "2");
  folder_.put("old/c.txt", "3");
  EXPECT_EQ(move("a.txt", "old").result["to"], "old/a.txt");
  EXPECT_EQ(move("b.txt", "new/").result["to"], "new/b.txt");
  EXPECT_EQ(move("old", "new").result["to"], "new/old");
  EXPECT_EQ(move("new/old/c.txt", ".").result["to"], "c.txt");
  EXPECT_EQ(folder_.get("new/old/a.txt"), "1");
}

TEST_F(FileMove, NeverOverwrites) {
  folder_.put("a.txt", "ours");
  folder_.put("b.txt", "theirs");
  folder_.put("in/a.txt", "theirs too");
  for (const char* to : {"b.txt", "in", "in/a.txt"}) {
    const Outcome out = move("a.txt", to);
    EXPECT_THAT(out, Ended(OutcomeStatus::failed_without_effect)) << to;
    EXPECT_THAT(told(out), HasSubstr("that name already"));
  }
  // It comes up at the last instant.
  ctx_.at_dispatch = [&] { folder_.put("c.txt", "theirs"); };
  EXPECT_THAT(move("a.txt", "c.txt"), Ended(OutcomeStatus::failed_without_effect));
  EXPECT_EQ(folder_.get("a.txt"), "ours");
  EXPECT_EQ(folder_.get("b.txt"), "theirs");
  EXPECT_EQ(folder_.get("c.txt"), "theirs");
  EXPECT_EQ(ctx_.dispatches, 1);
}

TEST_F(FileMove, RefusesWhatMakesNoSenseBeforeTheCommitPoint) {
  TempFolder outside;
  folder_.put("a.txt", "text");
  folder_.put("dir/b.txt", "text");
  ASSERT_EQ(::symlink(outside.path().c_str(), folder_.at("away").c_str()), 0);
  ASSERT_EQ(::symlink("a.txt", folder_.at("link").c_str()), 0);
  EXPECT_THAT(told(move("none.txt", "b.txt")), HasSubstr("No such file"));
  EXPECT_THAT(told(move("a.txt", "../b.txt")), HasSubstr("leaves"));
  EXPECT_THAT(told(move("a.txt", "away/b.txt")), HasSubstr("leaves the working folder"));
  EXPECT_THAT(told(move("link", "b.txt")), HasSubstr("it is a link"));
  EXPECT_THAT(told(move("dir", "dir/in/it")), HasSubstr("into itself"));
  EXPECT_THAT(told(move(".", "b.txt")), HasSubstr("working folder itself"));
  EXPECT_THAT(told(move("a.txt", "dir/b.txt/c.txt")), HasSubstr("Not a directory"));
  EXPECT_EQ(ctx_.dispatches, 0);
  EXPECT_THAT(folder_.names(), ElementsAre("a.txt", "away", "dir", "link"));
  EXPECT_THAT(outside.names(), testing::IsEmpty());
}

TEST_F(FileMove, ThePreviewNamesBothPlacesAndARuleMustCoverBoth) {
  folder_.put("a.txt", "text");
  folder_.put("archive/b.txt", "text");
  const auto preview = tool_.preview({{"from", "./a.txt"}, {"to", "archive"}}, ctx_);
  ASSERT_OK(preview);
  EXPECT_EQ(preview->summary, "move a.txt to archive/a.txt");
  EXPECT_THAT(preview->destinations, ElementsAre("a.txt", "archive/a.txt"));
  EXPECT_FALSE(tool_.preview({{"from", "a.txt"}, {"to", "archive/b.txt"}}, ctx_).has_value());
}

TEST_F(FileMove, ProbeTellsWhetherItWasMoved) {
  using Verdict = ProbeResult::Verdict;
  const auto now = [] { return std::chrono::time_point_cast<TimePoint::duration>(std::chrono::system_clock::now()); };
  folder_.put("a.txt", "text");
  folder_.put("old/c.txt", "text");
  folder_.put("folder/x.txt", "text");
  ctx_.dispatched_time = now() + std::chrono::seconds(1);
  EXPECT_EQ(probe("a.txt", "b.txt"), Verdict::refuted);
  EXPECT_EQ(probe("a.txt", "old"), Verdict::refuted);
  EXPECT_EQ(probe("folder", "moved"), Verdict::refuted);
  EXPECT_EQ(probe("none.txt", "b.txt"), Verdict::undecided);
  EXPECT_EQ(probe("none.txt", "old"), Verdict::undecided) << "the folder was there before, and nothing came into it";
  ctx_.dispatched_time = now();
  move("a.txt", "b.txt");
  EXPECT_EQ(probe("a.txt", "b.txt"), Verdict::confirmed);
  move("b.txt", "old");
  EXPECT_EQ(probe("b.txt", "old"), Verdict::confirmed);
  move("folder", "moved");
  EXPECT_EQ(probe("folder", "moved"), Verdict::confirmed) << "what is a folder there now is the one that was moved";
  folder_.put("b.txt", "another");
  EXPECT_EQ(probe("b.txt", "old"), Verdict::undecided);
  std::filesystem::remove(folder_.at("old/b.txt"));
  ctx_.dispatched_time -= std::chrono::seconds(1);
  EXPECT_EQ(probe("b.txt", "old"), Verdict::undecided) << "the file of that name was made since";
}

}  // namespace
}  // namespace deed
