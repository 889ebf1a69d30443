#include "deed/tests/tools/tool_doubles.hpp"
#include "deed/tools/builtin.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace deed {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using ProbeVerdict = ProbeResult::Verdict;

class FileTools : public testing::Test {
 protected:
  TempFolder folder_, outside_;
  Tool read_ = file_read(folder_.path());
  Tool write_ = file_write(folder_.path());
  Tool append_ = file_append(folder_.path());
  Tool list_ = file_list(folder_.path());
  Tool find_ = file_find(folder_.path());
  FakeContext ctx_;
};

const Json notes = {{"path", "notes.txt"}};
const Json new_notes = {{"path", "notes.txt"}, {"content", "new"}};

TEST_F(FileTools, ReadReturnsTheText) {
  folder_.put("notes.txt", "Grüße\n");
  const Outcome out = run_tool(read_, notes);
  EXPECT_THAT(out, Ended(OutcomeStatus::succeeded));
  EXPECT_EQ(out.text, "Grüße\n");
  EXPECT_EQ(out.result, (Json{{"path", "notes.txt"}, {"size", 8}, {"content", "Grüße\n"}}));
}

TEST_F(FileTools, ReadInPiecesGivesTheWholeFileAtEveryPieceSize) {
  std::string all;
  for (int i = 0; i < 40; ++i) all += "aß€𝄞";
  folder_.put("notes.txt", all);
  for (int max_bytes = 16; max_bytes < 40; ++max_bytes) {
    std::string together;
    Json arguments = {{"path", "notes.txt"}, {"max_bytes", max_bytes}};
    for (std::size_t pieces = 0; pieces < all.size(); ++pieces) {
      const Outcome out = run_tool(read_, arguments);
      ASSERT_THAT(out, Ended(OutcomeStatus::succeeded));
      ASSERT_TRUE(out.result.contains("content")) << max_bytes;
      together += out.result["content"].get<std::string>();
      if (!out.result.contains("next_offset")) break;
      EXPECT_THAT(out.text, HasSubstr("read on with offset " + to_text(out.result["next_offset"])));
      arguments["offset"] = out.result["next_offset"];
    }
    EXPECT_EQ(together, all) << max_bytes;
  }
}

TEST_F(FileTools, ReadFromTheMiddleOfACharacterBeginsWithTheNext) {
  folder_.put("notes.txt", "€uro");
  EXPECT_EQ(run_tool(read_, {{"path", "notes.txt"}, {"offset", 1}}).text, "uro");
}

TEST_F(FileTools, ReadDescribesABinaryFileAndDoesNotShowIt) {
  folder_.put("image.png", std::string("\x89PNG\r\n\0\xff", 8));
  folder_.put("nul.txt", std::string("a\0b", 3));
  for (const char* name : {"image.png", "nul.txt"}) {
    const Outcome out = run_tool(read_, {{"path", name}});
    EXPECT_THAT(out, Ended(OutcomeStatus::succeeded));
    EXPECT_EQ(out.result["binary"], true);
    EXPECT_FALSE(out.result.contains("content"));
    EXPECT_THAT(out.text, AllOf(HasSubstr("not text"), HasSubstr("bytes")));
  }
}

TEST_F(FileTools, ReadOfNothingSaysWhatToDo) {
  const Outcome out = run_tool(read_, notes);
  EXPECT_THAT(out, Ended(OutcomeStatus::failed_without_effect));
  EXPECT_THAT(told(out), AllOf(HasSubstr("notes.txt"), HasSubstr("file.list")));
}

TEST_F(FileTools, ReadBehindTheEndIsRefusedWithTheSize) {
  folder_.put("notes.txt", "12345");
  EXPECT_THAT(told(run_tool(read_, {{"path", "notes.txt"}, {"offset", 6}})), HasSubstr("5 bytes"));
  EXPECT_EQ(run_tool(read_, {{"path", "notes.txt"}, {"offset", 5}}).result["content"], "");
}

TEST_F(FileTools, AllRefuseToLeaveTheFolder) {
  ASSERT_EQ(::symlink(outside_.path().c_str(), folder_.at("out").c_str()), 0);
  outside_.put("a.txt", "secret");
  for (const char* path : {"../a.txt", "/etc/passwd", "out/a.txt"}) {
    const Json arguments = {{"path", path}, {"content", "x"}, {"pattern", "*"}};
    for (const Tool* tool : {&read_, &write_, &append_, &list_, &find_}) {
      const Outcome out = run_tool(*tool, arguments, ctx_);
      EXPECT_THAT(out, Ended(OutcomeStatus::failed_without_effect)) << tool->spec.name << path;
      EXPECT_THAT(told(out), HasSubstr("--root")) << tool->spec.name << path;
    }
    for (const Tool* tool : {&write_, &append_})
      EXPECT_FALSE(tool->preview(arguments, ctx_)) << tool->spec.name << path;
  }
  EXPECT_EQ(ctx_.dispatches, 0);
  EXPECT_THAT(outside_.names(), ElementsAre("a.txt"));
}

TEST_F(FileTools, FailEachCallWhereTheFolderIsMissing) {
  const Outcome out = run_tool(file_read(folder_.at("nowhere")), notes);
  EXPECT_THAT(out, Ended(OutcomeStatus::failed_without_effect));
  EXPECT_THAT(told(out), HasSubstr("--root"));
}

TEST_F(FileTools, WriteMakesTheFileAndItsFoldersAfterTheCommitPoint) {
  ctx_.at_dispatch = [&] { EXPECT_FALSE(folder_.has("a")); };
  const Outcome out = run_tool(write_, {{"path", "a/b/notes.txt"}, {"content", "text"}}, ctx_);
  EXPECT_THAT(out, Ended(OutcomeStatus::succeeded));
  EXPECT_EQ(ctx_.dispatches, 1);
  EXPECT_EQ(folder_.get("a/b/notes.txt"), "text");
  EXPECT_EQ(out.result, (Json{{"path", "a/b/notes.txt"}, {"size", 4}, {"created", true}}));
  EXPECT_THAT(folder_.names(), ElementsAre("a"));
}

TEST_F(FileTools, WriteReplacesAFileInOneStep) {
  folder_.put("notes.txt", "old");
  ctx_.at_dispatch = [&] { EXPECT_EQ(folder_.get("notes.txt"), "old"); };
  const Outcome out = run_tool(write_, new_notes, ctx_);
  EXPECT_EQ(out.result["created"], false);
  EXPECT_EQ(folder_.get("notes.txt"), "new");
  EXPECT_THAT(folder_.names(), ElementsAre("notes.txt"));
}

TEST_F(FileTools, WriteDoesNothingIfTheCommitPointCannotBeRecorded) {
  folder_.put("notes.txt", "old");
  ctx_.dispatch_error = Error{ErrorKind::unavailable, "the journal's disk is full"};
  const Outcome out = run_tool(write_, new_notes, ctx_);
  EXPECT_THAT(out, Ended(OutcomeStatus::failed_without_effect));
  EXPECT_THAT(told(out), HasSubstr("disk is full"));
  EXPECT_EQ(folder_.get("notes.txt"), "old");
  EXPECT_THAT(folder_.names(), ElementsAre("notes.txt"));
}

TEST_F(FileTools, WriteOfAFolderIsRefusedBeforeTheCommitPoint) {
  folder_.put("sub/a.txt", "");
  const Json arguments = {{"path", "sub"}, {"content", "x"}};
  EXPECT_THAT(run_tool(write_, arguments, ctx_), Ended(OutcomeStatus::failed_without_effect));
  EXPECT_THAT(write_.preview(arguments, ctx_), IsError(ErrorKind::invalid, HasSubstr("folder")));
  EXPECT_EQ(ctx_.dispatches, 0);
}

TEST_F(FileTools, WritePreviewIsTheContentAndSaysWhatItReplaces) {
  const auto fresh = write_.preview(new_notes, ctx_);
  ASSERT_OK(fresh);
  EXPECT_EQ(fresh->bytes, "new");
  EXPECT_EQ(fresh->media_type, "text/plain");
  EXPECT_EQ(fresh->summary, "write 3 bytes to notes.txt");
  EXPECT_THAT(fresh->destinations, ElementsAre("notes.txt"));
  folder_.put("notes.txt", "older");
  EXPECT_EQ(write_.preview(new_notes, ctx_)->summary, "overwrite notes.txt (5 bytes) with 3 bytes");
}

TEST_F(FileTools, WritePreviewNamesTheSamePathHoweverItIsSpelled) {
  EXPECT_THAT(write_.preview({{"path", "./a//../notes.txt"}, {"content", ""}}, ctx_)->destinations,
              ElementsAre("notes.txt"));
  EXPECT_THAT(
      write_.preview({{"path", folder_.at("notes.txt")}, {"content", ""}}, ctx_)->destinations,
      ElementsAre("notes.txt"));
}

TEST_F(FileTools, WriteAsksOnlyWhereOtherContentWouldBeLost) {
  EXPECT_FALSE(needs_approval(write_, new_notes));
  folder_.put("notes.txt", "new");
  EXPECT_FALSE(needs_approval(write_, new_notes));
  folder_.put("notes.txt", "old");
  EXPECT_TRUE(needs_approval(write_, new_notes));
  folder_.put("sub/a.txt", "");
  EXPECT_TRUE(needs_approval(write_, {{"path", "sub"}, {"content", ""}}));
}

TEST_F(FileTools, ProbeConfirmsAWriteWhoseContentIsThere) {
  run_tool(write_, new_notes, ctx_);
  EXPECT_EQ(probe_tool(write_, new_notes, ctx_).verdict, ProbeVerdict::confirmed);
}

// A killed process leaves what it had staged; an exception at the commit point is the nearest that
// a test gets to it.
TEST_F(FileTools, ProbeRefutesAWriteThatEndedBetweenCommitPointAndRename) {
  folder_.put("notes.txt", "old");
  ctx_.at_dispatch = [] { throw std::runtime_error("killed"); };
  EXPECT_THROW(run_tool(write_, new_notes, ctx_), std::runtime_error);
  EXPECT_EQ(folder_.get("notes.txt"), "old");
  const ProbeResult found = probe_tool(write_, new_notes, ctx_);
  EXPECT_EQ(found.verdict, ProbeVerdict::refuted);
  EXPECT_THAT(found.evidence, HasSubstr("notes.txt was not written"));

  ctx_.at_dispatch = {};
  EXPECT_THAT(run_tool(write_, new_notes, ctx_), Ended(OutcomeStatus::succeeded));
  EXPECT_EQ(folder_.get("notes.txt"), "new");
  EXPECT_THAT(folder_.names(), ElementsAre("notes.txt"));
}

TEST_F(FileTools, ProbeDoesNotDecideWhereSomebodyChangedTheFileAfterwards) {
  run_tool(write_, new_notes, ctx_);
  folder_.put("notes.txt", "edited by hand");
  EXPECT_EQ(probe_tool(write_, new_notes, ctx_).verdict, ProbeVerdict::undecided);
  std::filesystem::remove(folder_.at("notes.txt"));
  EXPECT_EQ(probe_tool(write_, new_notes, ctx_).verdict, ProbeVerdict::undecided);
}

TEST_F(FileTools, AppendAddsToTheEndOrMakesTheFile) {
  EXPECT_EQ(
      run_tool(append_, {{"path", "log/a.txt"}, {"content", "one\n"}}, ctx_).result["created"],
      true);
  const Outcome out = run_tool(append_, {{"path", "log/a.txt"}, {"content", "two\n"}}, ctx_);
  EXPECT_THAT(out, Ended(OutcomeStatus::succeeded));
  EXPECT_EQ(out.result, (Json{{"path", "log/a.txt"}, {"size", 8}, {"created", false}}));
  EXPECT_EQ(folder_.get("log/a.txt"), "one\ntwo\n");
}

TEST_F(FileTools, AppendKeepsLinesThatAnotherProgramAddsMeanwhile) {
  folder_.put("notes.txt", "one\n");
  ctx_.at_dispatch = [&] { folder_.put("notes.txt", "one\ntheirs\n"); };
  const Outcome out = run_tool(append_, {{"path", "notes.txt"}, {"content", "ours\n"}}, ctx_);
  EXPECT_THAT(out, Ended(OutcomeStatus::failed_without_effect));
  EXPECT_THAT(told(out), HasSubstr("call it again"));
  EXPECT_EQ(folder_.get("notes.txt"), "one\ntheirs\n");
  EXPECT_THAT(folder_.names(), ElementsAre("notes.txt"));
}

TEST_F(FileTools, AppendPreviewShowsWhatIsAdded) {
  folder_.put("notes.txt", "old");
  const auto preview = append_.preview(new_notes, ctx_);
  ASSERT_OK(preview);
  EXPECT_EQ(preview->bytes, "new");
  EXPECT_EQ(preview->summary, "append 3 bytes to notes.txt");
  EXPECT_FALSE(needs_approval(append_, new_notes));
}

TEST_F(FileTools, ListGivesPathsThatOtherToolsTake) {
  folder_.put("sub/a.txt", "12345");
  folder_.put("sub/deeper/b.txt", "");
  const Outcome out = run_tool(list_, {{"path", "sub"}});
  EXPECT_EQ(out.text, "sub/a.txt  5 bytes\nsub/deeper/");
  EXPECT_EQ(out.result["entries"][0], (Json{{"path", "sub/a.txt"}, {"kind", "file"}, {"size", 5}}));
  EXPECT_EQ(run_tool(read_, {{"path", out.result["entries"][0]["path"]}}).text, "12345");
  EXPECT_EQ(run_tool(list_, Json::object()).text, "sub/");
}

TEST_F(FileTools, ListShowsNamesThatAreNotTextAsText) {
  folder_.put("bad\xff\nname", "");
  const Outcome out = run_tool(list_, Json::object());
  EXPECT_TRUE(is_utf8(out.text));
  EXPECT_EQ(out.text.find('\n'), std::string::npos);
}

TEST_F(FileTools, FindTakesABareWordAsAPartOfTheName) {
  folder_.put("docs/Invoice-42.pdf", "1");
  EXPECT_EQ(run_tool(find_, {{"pattern", "invoice"}}).result["entries"][0]["path"],
            "docs/Invoice-42.pdf");
  EXPECT_THAT(run_tool(find_, {{"pattern", "*.doc"}}).text,
              HasSubstr("nothing here matches \"*.doc\""));
}

}  // namespace
}  // namespace deed
