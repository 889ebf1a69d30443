// Each order is given to a process of its own: it is read once.
#include "deed/core/failpoint.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

namespace deed {
namespace {

// What becomes of a child that passes a, b, a; its exit code, or 128 + the signal.
int passes_under(const std::string& order) {
  const pid_t child = fork();
  if (child == 0) {
    setenv("DEED_FAILPOINT", order.c_str(), 1);
    detail::failpoint_state = detail::FailpointState::unread;
    failpoint("a");
    failpoint("b");
    failpoint("a");
    _exit(has_failpoints() ? 7 : 3);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(Failpoint, IsNothingUnlessItIsOrdered) { EXPECT_EQ(passes_under(""), 3); }

TEST(Failpoint, KillsTheProcessAtTheOrderedPassing) {
  EXPECT_EQ(passes_under("kill:1:b"), 128 + SIGKILL);
  EXPECT_EQ(passes_under("kill:2:a"), 128 + SIGKILL);
  EXPECT_EQ(passes_under("kill:3:a"), 7);
  EXPECT_EQ(passes_under("kill:1:c"), 7);
}

TEST(Failpoint, RecordsWhatIsPassedInOrder) {
  std::string file = testing::TempDir() + "deed-failpoint-XXXXXX";
  const int fd = mkstemp(file.data());
  ASSERT_GE(fd, 0);
  close(fd);
  EXPECT_EQ(passes_under("record:" + file), 7);
  std::ifstream in(file);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "a\nb\na\n");
  unlink(file.c_str());
}

TEST(Failpoint, EndsTheProcessOnAnOrderThatItDoesNotUnderstand) {
  for (const char* order : {"kill", "kill:b", "kill:0:b", "kill:x:b", "die:1:b"}) EXPECT_EQ(passes_under(order), 128 + SIGABRT) << order;
}

}  // namespace
}  // namespace deed
