#include "deed/plugins/sandbox.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "deed/plugins/sandbox_launch.hpp"
#include "deed/plugins/sandbox_probe.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/plugins/sandbox_fixture.hpp"

namespace deed {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(SandboxKind, IsReadAsItIsWritten) {
  for (const SandboxKind kind : {SandboxKind::bubblewrap, SandboxKind::landlock, SandboxKind::off}) {
    EXPECT_EQ(*parse_sandbox_kind(to_string(kind)), kind);
  }
  EXPECT_THAT(parse_sandbox_kind("none"), IsError(ErrorKind::invalid, HasSubstr("none")));
}

TEST(BestSandbox, IsTheFirstThatHolds) {
  const auto only_landlock = [](SandboxKind kind) -> Result<void> {
    if (kind == SandboxKind::landlock) return {};
    return fail(ErrorKind::unsupported, "no name spaces");
  };
  EXPECT_EQ(*first_sandbox({SandboxKind::bubblewrap, SandboxKind::landlock}, only_landlock), SandboxKind::landlock);
}

TEST(BestSandbox, RefusesWithEachReasonWhereNoneHolds) {
  const auto none = [](SandboxKind kind) -> Result<void> {
    return fail(ErrorKind::unsupported, kind == SandboxKind::landlock ? "an old kernel" : "no bwrap");
  };
  EXPECT_THAT(first_sandbox({SandboxKind::bubblewrap, SandboxKind::landlock}, none),
              IsError(ErrorKind::unsupported, AllOf(HasSubstr("no bwrap"), HasSubstr("an old kernel"), HasSubstr("not run"))));
}

TEST(BestSandbox, IsNeverNone) { EXPECT_THAT(first_sandbox({}, try_sandbox), IsError(ErrorKind::unsupported)); }

TEST(Sandbox, ProbeFindsThatWithoutOneNothingHolds) {
  EXPECT_THAT(probe_sandbox(SandboxKind::off),
              IsError(ErrorKind::unsupported, AllOf(HasSubstr("can be read"), HasSubstr("can be written"), HasSubstr("not filtered"))));
}

class Sandbox : public testing::TestWithParam<SandboxKind> {
 protected:
  void SetUp() override {
    if (const Result<void> tried = try_sandbox(GetParam()); !tried) GTEST_SKIP() << tried.error().what;
  }

  ChildOptions shell(const std::string& script) const {
    return {.command = {"/bin/sh", "-c", script}, .folder = "/usr", .environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"},
            .sandbox = GetParam()};
  }
  ChildOptions python(const std::string& script) const {
    ChildOptions options = shell("");
    options.command = {"/usr/bin/python3", "-c", script};
    return options;
  }

  TestFolder one_, other_;
};

TEST_P(Sandbox, ReadableFoldersAreReadWithAllBelow) {
  std::filesystem::create_directory(one_.path() + "/deep");
  one_.file("deep/private", "private\n", 0600);
  ChildOptions options = shell("cat " + one_.path() + "/deep/private; ls " + one_.path());
  options.rules.readable = {one_.path()};
  EXPECT_EQ(run_to_end(options).output, "private\ndeep\n");
}

TEST_P(Sandbox, ReadableMayBeAFile) {
  const std::string file = one_.file("one", "one\n");
  one_.file("two", "two\n");
  ChildOptions options = shell("cat " + file + "; cat " + one_.path() + "/two");
  options.rules.readable = {file};
  EXPECT_EQ(run_to_end(options).output, "one\n");
}

TEST_P(Sandbox, WritableFoldersAreChangedInEveryWay) {
  one_.file("old", "old\n");
  ChildOptions options = shell("cd " + one_.path() +
                               " && mkdir d && echo new > d/new && mv d/new moved && rm old && rmdir d && echo more >> moved && "
                               "ln -s moved link && truncate -s 5 moved && cat link");
  options.rules.writable = {one_.path()};
  const Said said = run_to_end(options);
  EXPECT_EQ(said.output, "new\nm") << said.errors;
  EXPECT_EQ(content_of(one_.path() + "/moved"), "new\nm");
}

TEST_P(Sandbox, AFolderThatIsBothIsWritable) {
  std::filesystem::create_directory(one_.path() + "/in");
  ChildOptions options = shell("echo x > " + one_.path() + "/in/file");
  options.rules.readable = {one_.path(), one_.path() + "/in"};
  options.rules.writable = {one_.path() + "/in"};
  EXPECT_EQ(run_to_end(options).end.code, 0);
  EXPECT_EQ(content_of(one_.path() + "/in/file"), "x\n");
}

TEST_P(Sandbox, AFolderThatIsNotThereIsNoFolderThatMayBeUsed) {
  ChildOptions options = shell("true");
  options.rules.readable = {one_.path() + "/none"};
  EXPECT_THAT(start_child(options), IsError(ErrorKind::not_found));
  options.rules = {.writable = {"relative"}};
  EXPECT_THAT(start_child(options), IsError(ErrorKind::invalid, HasSubstr("absolute")));
}

// A list of words that zero bytes end is how bwrap is told its mounts.
TEST_P(Sandbox, ZeroBytesAndNamelessVariablesAreRefused) {
  ChildOptions options = shell("true");
  for (const std::string& variable : {std::string("A=x\0--bind\0/\0/", 14), std::string("A"), std::string("=x"), std::string()}) {
    options.environment = {variable};
    EXPECT_THAT(start_child(options), IsError(ErrorKind::invalid));
  }
  options = shell(std::string("true\0", 5));
  EXPECT_THAT(start_child(options), IsError(ErrorKind::invalid, HasSubstr("zero byte")));
}

TEST_P(Sandbox, AProgramOutsideOfItsFoldersIsRefused) {
  const std::string program = one_.file("program", "#!/bin/sh\necho ran\n", 0755);
  ChildOptions options = shell("");
  options.command = {program};
  EXPECT_THAT(start_child(options), IsError(ErrorKind::denied, HasSubstr("may read")));
  options.rules.readable = {one_.path()};
  EXPECT_EQ(run_to_end(options).output, "ran\n");
}

TEST_P(Sandbox, UserNamesAndHostNamesOfTheMachineAreNotReadable) {
  EXPECT_EQ(run_to_end(shell("cat /etc/passwd /etc/shadow /etc/hosts /etc/resolv.conf /root/.bashrc")).output, "");
}

TEST_P(Sandbox, TemporaryFilesOfOthersAreNotThere) {
  EXPECT_THAT(run_to_end(shell("ls /tmp /var/tmp /dev/shm")).output, Not(HasSubstr(one_.path().substr(5))));
}

TEST_P(Sandbox, ProgramsAreNeverRootAndGainNothing) {
  const std::string status = run_to_end(shell("while read -r line; do echo \"$line\"; done < /proc/self/status")).output;
  EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1"));
  EXPECT_THAT(status, HasSubstr("Seccomp:\t2"));
  EXPECT_THAT(status, Not(HasSubstr("Uid:\t0")));
  // As root: the right to root's files, and nothing else; as a user nothing.
  const std::string most = geteuid() == 0 ? "0000000000000002" : "0000000000000000";
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) EXPECT_THAT(status, HasSubstr(set + (":\t" + most)));
}

TEST_P(Sandbox, ProgramsOfRootAreAnotherUserEachTime) {
  if (geteuid() != 0) GTEST_SKIP() << "not root";
  EXPECT_NE(run_to_end(shell("id -u")).output, run_to_end(shell("id -u")).output);
}

TEST_P(Sandbox, PythonStartsProcessesThreadsAndPairsOfSockets) {
  const Said said = run_to_end(python(R"(
import socket, ssl, subprocess, threading, hashlib, time
one, other = socket.socketpair()
one.send(b"pair")
print(other.recv(10).decode())
thread = threading.Thread(target=lambda: print("thread")); thread.start(); thread.join()
print(subprocess.run(["/bin/echo", "process"], capture_output=True, text=True).stdout.strip())
print(time.localtime().tm_year > 2000, len(ssl.create_default_context().get_ca_certs()) >= 0)
)"));
  EXPECT_EQ(said.output, "pair\nthread\nprocess\nTrue True\n") << said.errors;
  EXPECT_EQ(said.errors, "");
}

TEST_P(Sandbox, NodeRuns) {
  if (access("/usr/bin/node", X_OK) != 0) GTEST_SKIP() << "node is not installed";
  ChildOptions options = shell("");
  options.command = {"/usr/bin/node", "-e",
                     "console.log(require('child_process').execSync('echo process').toString().trim(), "
                     "new WebAssembly.Memory({initial: 1}).buffer.byteLength)"};
  const Said said = run_to_end(options);
  EXPECT_EQ(said.output, "process 65536\n") << said.errors;
}

TEST_P(Sandbox, NetworkIsTcpAndUdpAndNothingElse) {
  const OwnedFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(listen(listener.get(), 5), 0);
  sockaddr_in address = {};
  socklen_t size = sizeof address;
  getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  ChildOptions options = python("port = " + std::to_string(ntohs(address.sin_port)) + R"(
import socket
print(socket.create_connection(("localhost", port)) is not None)
socket.socket(socket.AF_INET6, socket.SOCK_STREAM); socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
def refused(*arguments):
    try:
        socket.socket(*arguments)
        return "SUCCEEDED"
    except PermissionError:
        return "refused"
    except OSError as error:
        return str(error)
print(refused(socket.AF_UNIX), refused(socket.AF_UNIX, socket.SOCK_DGRAM), refused(socket.AF_INET, socket.SOCK_RAW, 1),
      refused(socket.AF_INET, socket.SOCK_DGRAM, 1), refused(socket.AF_INET, socket.SOCK_STREAM, 262), refused(socket.AF_PACKET),
      refused(16, socket.SOCK_RAW, 9), refused(38), refused(40))
)");
  options.rules.network = true;
  const Said said = run_to_end(options);
  EXPECT_EQ(said.output, "True\nrefused refused refused refused refused refused refused refused refused\n") << said.errors;
}

// What gives up root's rights inside must not load anything of the plugin's before.
TEST_P(Sandbox, VariablesOfTheLoaderReachThePluginAlone) {
  ChildOptions options = shell("exit 0");
  options.environment.push_back("LD_DEBUG=files");
  const std::string said = run_to_end(options).errors;
  EXPECT_THAT(said, HasSubstr("/bin/sh"));
  EXPECT_THAT(said, AllOf(Not(HasSubstr("prlimit")), Not(HasSubstr("setpriv")), Not(HasSubstr("bwrap"))));
}

INSTANTIATE_TEST_SUITE_P(In, Sandbox, testing::Values(SandboxKind::landlock, SandboxKind::bubblewrap),
                         [](const auto& kind) { return std::string(to_string(kind.param)); });

}  // namespace
}  // namespace deed
