#include "deed/tools/maildir.hpp"

#include "deed/core/hash.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/tools/tool_doubles.hpp"

#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string message = "Subject: x\r\n\r\nhello\r\n";

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    out.push_back(entry.path().filename().string());
  }
  return out;
}

// An outbox in a folder that goes away, and deliveries into it whose commit point a test looks at.
class Maildir : public testing::Test {
 protected:
  Result<MaildirDelivery> deliver(
      std::function<Result<void>()> at_commit = [] { return Result<void>(); },
      const std::string& bytes = message) {
    commits_ = 0;
    const auto before_commit = [this, &at_commit]() -> Async<void> {
      return answer(at_commit, commits_);
    };
    asio::io_context io;
    return run_async(io, deliver_to_maildir(box_, call_key(), bytes_in_memory(bytes), before_commit));
  }

  std::string name() const { return call_key().substr(0, 32) + ".deed"; }
  std::string in(const std::string& part) const { return box_ + "/" + part; }

  // In a process of its own that dies by SIGKILL at the commit point.
  void deliver_and_be_killed() {
    const pid_t child = fork();
    if (child == 0) {
      (void)deliver([]() -> Result<void> {
        std::raise(SIGKILL);
        return {};
      });
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  }

  TempFolder folder_;
  std::string box_ = folder_.at("mail/outbox");
  int commits_ = 0;

 private:
  static Async<void> answer(std::function<Result<void>()>& at_commit, int& commits) {
    ++commits;
    co_return at_commit();
  }
};

TEST_F(Maildir, DeliversTheBytesIntoNewForTheOwnerAlone) {
  const auto delivered = deliver();
  ASSERT_OK(delivered);
  EXPECT_EQ(delivered->path, in("new/" + name()));
  EXPECT_EQ(delivered->doubt, "");
  EXPECT_EQ(folder_.get("mail/outbox/new/" + name()), message);
  EXPECT_THAT(names_in(in("tmp")), IsEmpty());
  struct stat st = {};
  ASSERT_EQ(stat(delivered->path.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0600u);
  ASSERT_EQ(stat(box_.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0700u);
}

TEST_F(Maildir, HasTheWholeDraftAndNoMailAtTheCommitPoint) {
  ASSERT_OK(deliver([this]() -> Result<void> {
    EXPECT_EQ(folder_.get("mail/outbox/tmp/" + name()), message);
    EXPECT_THAT(names_in(in("new")), IsEmpty());
    EXPECT_EQ(trace_in_maildir(box_, call_key()), MaildirTrace::drafted);
    return {};
  }));
  EXPECT_EQ(commits_, 1);
  EXPECT_EQ(trace_in_maildir(box_, call_key()), MaildirTrace::delivered);
}

TEST_F(Maildir, DeliversNothingWhenTheCommitPointIsRefused) {
  const auto delivered =
      deliver([]() -> Result<void> { return fail(ErrorKind::unavailable, "no journal"); });
  EXPECT_THAT(delivered, IsError(ErrorKind::unavailable, HasSubstr("no journal")));
  EXPECT_THAT(names_in(in("new")), IsEmpty());
  EXPECT_EQ(trace_in_maildir(box_, call_key()), MaildirTrace::drafted);
}

TEST_F(Maildir, LeavesNoMailWhenKilledAtTheCommitPointAndDeliversOnceAfterwards) {
  deliver_and_be_killed();
  EXPECT_EQ(find_in_maildir(box_, call_key()), std::nullopt);
  EXPECT_THAT(names_in(in("new")), IsEmpty());
  EXPECT_EQ(trace_in_maildir(box_, call_key()), MaildirTrace::drafted);
  ASSERT_OK(deliver());
  EXPECT_THAT(names_in(in("new")), ElementsAre(name()));
  EXPECT_THAT(names_in(in("tmp")), IsEmpty());
}

TEST_F(Maildir, ReplacesALeftoverThatWasCutShort) {
  folder_.put("mail/outbox/tmp/" + name(), "Subj");
  ASSERT_OK(deliver());
  EXPECT_EQ(folder_.get("mail/outbox/new/" + name()), message);
}

TEST_F(Maildir, DoesNotWriteThroughALinkInTmp) {
  folder_.put("precious", "keep me");
  folder_.put("mail/outbox/tmp/other", "");
  ASSERT_EQ(symlink(folder_.at("precious").c_str(), in("tmp/" + name()).c_str()), 0);
  ASSERT_OK(deliver());
  EXPECT_EQ(folder_.get("precious"), "keep me");
}

TEST_F(Maildir, DoesNotDeliverAKeyASecondTime) {
  ASSERT_OK(deliver());
  const auto again = deliver([] { return Result<void>(); }, "other bytes");
  ASSERT_OK(again);
  EXPECT_EQ(again->path, in("new/" + name()));
  EXPECT_EQ(commits_, 0);
  EXPECT_EQ(folder_.get("mail/outbox/new/" + name()), message);
}

TEST_F(Maildir, FindsAMailThatAReaderHasSeen) {
  ASSERT_OK(deliver());
  for (const char* suffix : {":2,", ":2,S", ",S=21,W=24:2,RS", ",S=21"}) {
    const std::string seen = in("cur/" + name() + suffix);
    std::filesystem::rename(*find_in_maildir(box_, call_key()), seen);
    EXPECT_EQ(find_in_maildir(box_, call_key()), seen);
    ASSERT_OK(deliver());
    EXPECT_EQ(commits_, 0) << suffix;
  }
}

TEST_F(Maildir, DoesNotTakeAnotherNameForTheMail) {
  ASSERT_OK(deliver());
  std::filesystem::rename(in("new/" + name()), in("new/" + name() + "x"));
  EXPECT_EQ(find_in_maildir(box_, call_key()), std::nullopt);
  EXPECT_EQ(find_in_maildir(box_, sha256_hex("call 2")), std::nullopt);
}

TEST_F(Maildir, HasNoTraceOfAMailThatWasMovedAway) {
  ASSERT_OK(deliver());
  std::filesystem::rename(in("new/" + name()), folder_.at("archived"));
  EXPECT_EQ(trace_in_maildir(box_, call_key()), MaildirTrace::none);
}

TEST_F(Maildir, TakesADraftWithASecondNameForNoProof) {
  folder_.put("mail/outbox/tmp/" + name(), message);
  ASSERT_EQ(link(in("tmp/" + name()).c_str(), folder_.at("archived").c_str()), 0);
  EXPECT_EQ(trace_in_maildir(box_, call_key()), MaildirTrace::none);
}

TEST_F(Maildir, NeverReplacesAMailThatAppearsAtTheLastMoment) {
  const auto delivered = deliver([this]() -> Result<void> {
    folder_.put("mail/outbox/new/" + name(), "first");
    return {};
  });
  ASSERT_OK(delivered);
  EXPECT_EQ(folder_.get("mail/outbox/new/" + name()), "first");
  EXPECT_THAT(names_in(in("tmp")), IsEmpty());
}

TEST_F(Maildir, SaysThatNothingWasDeliveredWhereNewIsGone) {
  const auto delivered = deliver([this]() -> Result<void> {
    std::filesystem::remove(in("new"));
    return {};
  });
  EXPECT_THAT(delivered, IsError(ErrorKind::unavailable, HasSubstr("/new/")));
  EXPECT_EQ(trace_in_maildir(box_, call_key()), MaildirTrace::drafted);
}

TEST_F(Maildir, CallsAMailDeliveredThatCouldNotBeSynced) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizers' own checks need file descriptors, which this test takes away";
#endif
  // From the commit point on no file can be opened, so the folder cannot be synced.
  rlimit usual = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &usual), 0);
  const auto delivered = deliver([&usual]() -> Result<void> {
    const rlimit none{0, usual.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    return {};
  });
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &usual), 0);
  ASSERT_OK(delivered);
  EXPECT_THAT(delivered->doubt, HasSubstr("synced"));
  EXPECT_EQ(folder_.get("mail/outbox/new/" + name()), message);
}

TEST_F(Maildir, RefusesAnOutboxThatIsNoAbsolutePath) {
  for (const char* bad : {"", "mail/outbox", "."}) {
    box_ = bad;
    EXPECT_THAT(deliver(), IsError(ErrorKind::invalid, HasSubstr("absolute")));
  }
}

TEST_F(Maildir, SaysWhereAFileIsInTheWay) {
  folder_.put("mail", "a file");
  EXPECT_THAT(deliver(), IsError(ErrorKind::unavailable, HasSubstr(box_)));
  EXPECT_EQ(commits_, 0);
}

TEST_F(Maildir, WritesNothingVisibleWhereTheDiskIsFull) {
  // A file of at most 4 bytes stands for a full disk; the signal that comes with it is ignored.
  rlimit usual = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &usual), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{4, usual.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto delivered = deliver();
  setrlimit(RLIMIT_FSIZE, &usual);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(delivered, IsError(ErrorKind::unavailable, HasSubstr("cannot be written")));
  EXPECT_EQ(commits_, 0);
  EXPECT_EQ(trace_in_maildir(box_, call_key()), MaildirTrace::none);
}

}  // namespace
}  // namespace deed
