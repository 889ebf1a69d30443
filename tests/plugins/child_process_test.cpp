#include "deed/plugins/child_process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <thread>

#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/plugins/sandbox_fixture.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

// Without a sandbox, and in each that works here.
class Child : public testing::TestWithParam<SandboxKind> {
 protected:
  void SetUp() override {
    if (const Result<void> tried = try_sandbox(GetParam()); !tried) GTEST_SKIP() << tried.error().what;
  }

  ChildOptions shell(const std::string& script) const {
    return {.command = {"/bin/sh", "-c", script, "sh", folder_.path()}, .folder = folder_.path(),
            .environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"}, .sandbox = GetParam(),
            .rules = {.writable = {folder_.path()}}};
  }

  TestFolder folder_;
};

TEST_P(Child, ReadsItsInputAndIsHeardOnBothStreams) {
  ChildProcess child = start(shell("read -r line; echo \"got $line\"; echo oops >&2; exit 7"));
  ASSERT_EQ(write(child.input_fd(), "hello\n", 6), 6);
  const Said said = said_by(std::move(child));
  EXPECT_EQ(said.output, "got hello\n");
  EXPECT_EQ(said.errors, "oops\n");
  EXPECT_EQ(said.end.code, 7);
  EXPECT_EQ(said.end.signal, 0);
}

TEST_P(Child, ReadsTheEndOfAnInputThatIsClosed) {
  EXPECT_EQ(run_to_end(shell("cat; echo end")).output, "end\n");
}

TEST_P(Child, StreamsDoNotBlockOurSideAndBlockItsOwn) {
  const ChildProcess child = start(shell("read -r line"));
  for (const int fd : {child.input_fd(), child.output_fd(), child.errors_fd()}) {
    EXPECT_NE(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  }
  char byte = 0;
  EXPECT_EQ(read(child.output_fd(), &byte, 1), -1);
  EXPECT_EQ(errno, EAGAIN);
}

TEST_P(Child, HasTheGivenVariablesAndNoOthers) {
  setenv("DEED_TEST_SECRET", "secret", 1);
  ChildOptions options = shell("env");
  options.environment = {"A=b=c", "EMPTY=", "LD_DEBUG_OUTPUT=/nowhere", "LD_BIND_NOW=1"};
  const std::string said = run_to_end(options).output;
  unsetenv("DEED_TEST_SECRET");
  for (const std::string& variable : options.environment) EXPECT_THAT(said, HasSubstr(variable + "\n"));
  // The shell and bwrap say where they are; that is all.
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 5) << said;
}

TEST_P(Child, StartsInItsFolder) { EXPECT_EQ(run_to_end(shell("pwd")).output, folder_.path() + "\n"); }

TEST_P(Child, HasNoDescriptorButItsStreams) {
  const OwnedFd inherited(open("/", O_RDONLY));
  ASSERT_GT(inherited.get(), 2);
  // Three of its own; and one while the shell expands the pattern.
  EXPECT_EQ(run_to_end(shell("for fd in /proc/self/fd/*; do echo ${fd##*/}; done")).output, "0\n1\n2\n3\n");
}

TEST_P(Child, HasDefaultSignalsAndNoneBlocked) {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto handler = signal(SIGTERM, SIG_IGN);
  const Said said = run_to_end(shell("kill -TERM 0; echo survived"));
  signal(SIGTERM, handler);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(said.output, "");
  EXPECT_EQ(said.end.code, 128 + SIGTERM);
}

TEST_P(Child, EndIsSeenOnItsDescriptor) {
  ChildProcess child = start(shell("read -r line"));
  pollfd ended{child.ended_fd(), POLLIN, 0};
  EXPECT_EQ(poll(&ended, 1, 0), 0);
  EXPECT_EQ(child.poll_end(), std::nullopt);
  child.close_input();
  EXPECT_EQ(poll(&ended, 1, -1), 1);
  ASSERT_NE(child.poll_end(), std::nullopt);
  EXPECT_EQ(child.poll_end()->code, 1);
}

TEST_P(Child, IsKilledWithAllThatItStarted) {
  ChildProcess child = start(shell("(trap '' TERM HUP; sleep 1000) & (sleep 1000 &) & echo up; sleep 1000"));
  EXPECT_EQ(read_until(child.output_fd(), "up"), "up\n");
  child.kill_all();
  const ChildEnd end = child.wait_end();
  EXPECT_EQ(end.signal, SIGKILL);
  EXPECT_EQ(end.code, 128 + SIGKILL);
  EXPECT_EQ(read_until(child.output_fd(), "never"), "") << "nobody is left who holds the stream";
}

TEST_P(Child, WhatItLeavesRunningEndsWithIt) {
  const Said said = run_to_end(shell("exec >/dev/null 2>&1; sleep 1000 & exit 0"));
  EXPECT_EQ(said.end.code, 0);
  ChildProcess child = start(shell("sleep 1000 & echo left; exit 3"));
  EXPECT_EQ(read_until(child.output_fd(), "left"), "left\n");
  EXPECT_EQ(child.wait_end().code, 3);
  EXPECT_EQ(read_until(child.output_fd(), "never"), "");
}

TEST_P(Child, IsKilledByItsDestructor) {
  const TestFolder pipes;
  std::optional<ChildProcess> child = start(shell("echo up; sleep 1000"));
  const OwnedFd output(dup(child->output_fd()));
  EXPECT_EQ(read_until(output.get(), "up"), "up\n");
  child.reset();
  EXPECT_EQ(read_until(output.get(), "never"), "");
}

TEST_P(Child, OutlivesTheThreadThatStartedIt) {
  std::optional<ChildProcess> child;
  std::thread([&] { child = start(shell("read -r line; echo \"got $line\"")); }).join();
  ASSERT_EQ(write(child->input_fd(), "hello\n", 6), 6);
  EXPECT_EQ(read_until(child->output_fd(), "\n"), "got hello\n");
}

// In a process that is killed: deed. What the plugin started there holds a named pipe, which ends with the last of them.
TEST_P(Child, EndsWithAllThatItStartedWhenDeedIsKilled) {
  const std::string pipe_path = folder_.path() + "/pipe";
  ASSERT_EQ(mkfifo(pipe_path.c_str(), 0666), 0);
  const OwnedFd reader(open(pipe_path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const ChildOptions options = shell("exec >pipe; (trap '' HUP TERM; sleep 1000) & (sleep 1000 &); echo up; sleep 1000");
  const pid_t deed = fork();
  if (deed == 0) {
    const ChildProcess child = start(options);
    for (;;) pause();
  }
  pollfd ready{reader.get(), POLLIN, 0};
  poll(&ready, 1, -1);
  EXPECT_EQ(read_until(reader.get(), "up"), "up\n");
  kill(deed, SIGKILL);
  waitpid(deed, nullptr, 0);
  EXPECT_EQ(read_until(reader.get(), "never"), "") << "this ends when nobody is left who writes";
}

TEST_P(Child, ErrorsTellWhatIsMissing) {
  ChildOptions options = shell("true");
  options.command = {"/usr/bin/no-such-program"};
  EXPECT_THAT(start_child(options), IsError(ErrorKind::not_found, HasSubstr("program")));
  options.command = {"true"};
  EXPECT_THAT(start_child(options), IsError(ErrorKind::invalid, HasSubstr("absolute")));
  options.command = {};
  EXPECT_THAT(start_child(options), IsError(ErrorKind::invalid, HasSubstr("no program")));
  options.command = {folder_.file("data", "no program")};
  EXPECT_THAT(start_child(options), IsError(ErrorKind::denied, HasSubstr("executed")));
  options = shell("true");
  options.folder = folder_.path() + "/none";
  EXPECT_THAT(start_child(options), IsError(ErrorKind::not_found, HasSubstr("working folder")));
}

INSTANTIATE_TEST_SUITE_P(In, Child, testing::Values(SandboxKind::off, SandboxKind::landlock, SandboxKind::bubblewrap),
                         [](const auto& kind) { return std::string(to_string(kind.param)); });

TEST(ChildWithoutSandbox, IsNotStartedWhereItsEndWouldBeLost) {
  const auto handler = signal(SIGCHLD, SIG_IGN);
  const Result<ChildProcess> child = start_child({.command = {"/bin/true"}, .folder = "/", .sandbox = SandboxKind::off});
  signal(SIGCHLD, handler);
  EXPECT_THAT(child, IsError(ErrorKind::unsupported, HasSubstr("SIGCHLD")));
}

TEST(ChildWithoutSandbox, IsKilledWithWhatLeftItsGroup) {
  ChildProcess child = start({.command = {"/bin/sh", "-c", "setsid sh -c 'echo up; sleep 1000' & wait"}, .folder = "/",
                              .environment = {"PATH=/usr/bin:/bin"}, .sandbox = SandboxKind::off});
  EXPECT_EQ(read_until(child.output_fd(), "up"), "up\n");
  child.kill_all();
  child.wait_end();
  EXPECT_EQ(read_until(child.output_fd(), "never"), "");
}

}  // namespace
}  // namespace deed
