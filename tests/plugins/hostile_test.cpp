// Programs in C, C++, Python and for the shell that do what a plugin must not: in each sandbox that works here, nothing succeeds.
// Landlock is tried as the older versions of it too, for kernels that have no newer one.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "deed/plugins/sandbox_landlock.hpp"
#include "deed/plugins/sandbox_launch.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/plugins/sandbox_fixture.hpp"

namespace deed {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t mebibyte = 1u << 20;
constexpr int most_processes = 24;

struct Language {
  const char* name;
  std::vector<std::string> command;
};

const std::string hostile_sources = DEED_SOURCE_DIR "/tests/plugins/hostile";

std::vector<Language> languages() {
  return {{"c", {DEED_HOSTILE_C}},
          {"cpp", {DEED_HOSTILE_CPP}},
          {"python", {"/usr/bin/python3", hostile_sources + "/hostile.py"}},
          {"sh", {"/bin/sh", hostile_sources + "/hostile.sh"}}};
}

// A sandbox, and for Landlock the version that it is to be taken for.
struct Cage {
  const char* name;
  SandboxKind kind;
  int version;
};
void PrintTo(const Cage& cage, std::ostream* out) { *out << cage.name; }

constexpr Cage cages[] = {{"bubblewrap", SandboxKind::bubblewrap, 0}, {"landlock", SandboxKind::landlock, 0},
                          {"landlock1", SandboxKind::landlock, 1},    {"landlock2", SandboxKind::landlock, 2},
                          {"landlock3", SandboxKind::landlock, 3},    {"landlock5", SandboxKind::landlock, 5}};

OwnedFd listening(int family, int type, const void* address, std::size_t size) {
  OwnedFd fd(socket(family, type | SOCK_CLOEXEC, 0));
  DEED_CHECK(bind(fd.get(), static_cast<const sockaddr*>(address), static_cast<socklen_t>(size)) == 0, "bind");
  if (type == SOCK_STREAM) DEED_CHECK(listen(fd.get(), 5) == 0, "listen");
  return fd;
}

OwnedFd listening_at(const std::string& name, int type, bool is_abstract) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + (is_abstract ? 1 : 0), name.data(), name.size());
  return listening(AF_UNIX, type, &address, offsetof(sockaddr_un, sun_path) + name.size() + (is_abstract ? 1 : 0));
}

// What is worth attacking: files, sockets and a process of the user's, none of them among the plugin's.
class Surroundings {
 public:
  Surroundings() : victim_(start({.command = {"/bin/sh", "-c", "read -r line"}, .folder = "/", .sandbox = SandboxKind::off})) {
    outside_.file("secret", "secret\n", 0600);
    outside_.file("open", "open\n");
    outside_.file("program", "#!/bin/sh\nexit 0\n", 0755);
    readable_.file("file", "readable\n");
    writable_.file("own", "own\n");
    sockaddr_in loopback = {};
    loopback.sin_family = AF_INET;
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    tcp_ = listening(AF_INET, SOCK_STREAM, &loopback, sizeof loopback);
    socklen_t size = sizeof loopback;
    getsockname(tcp_.get(), reinterpret_cast<sockaddr*>(&loopback), &size);
    port_ = std::to_string(ntohs(loopback.sin_port));
    abstract_name_ = "deed-hostile-" + std::to_string(getpid());
    streams_ = listening_at(outside_.path() + "/socket", SOCK_STREAM, false);
    datagrams_ = listening_at(outside_.path() + "/datagrams", SOCK_DGRAM, false);
    abstract_ = listening_at(abstract_name_, SOCK_STREAM, true);
  }

  const std::string& writable() const { return writable_.path(); }

  ChildOptions options(const Language& language, const std::string& what) const {
    ChildOptions options{.command = language.command, .folder = writable_.path()};
    options.command.push_back(what);
    options.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C", "OUTSIDE=" + outside_.path(), "SECRET=" + outside_.path() + "/secret",
                           "OPEN=" + outside_.path() + "/open", "NEW=" + outside_.path() + "/new", "PROGRAM=" + outside_.path() + "/program",
                           "READABLE_FILE=" + readable_.path() + "/file", "WRITABLE=" + writable_.path(), "PORT=" + port_,
                           "SOCKET=" + outside_.path() + "/socket", "DATAGRAMS=" + outside_.path() + "/datagrams",
                           "ABSTRACT=" + abstract_name_, "PARENT=" + std::to_string(getpid()),
                           "VICTIM=" + std::to_string(victim_.pid())};
    options.rules.readable = {hostile_sources, std::filesystem::path(DEED_HOSTILE_C).parent_path(), readable_.path()};
    options.rules.writable = {writable_.path()};
    options.rules.max_processes = most_processes;
    return options;
  }

  void expect_untouched() {
    EXPECT_EQ(content_of(outside_.path() + "/secret"), "secret\n");
    EXPECT_EQ(content_of(outside_.path() + "/open"), "open\n");
    EXPECT_EQ(content_of(readable_.path() + "/file"), "readable\n");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(outside_.path()), {}), 5);
    struct stat status = {};
    stat((outside_.path() + "/secret").c_str(), &status);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    EXPECT_EQ(victim_.poll_end(), std::nullopt) << "the other process was ended";
    for (const OwnedFd* fd : {&tcp_, &streams_, &datagrams_, &abstract_}) {
      pollfd ready{fd->get(), POLLIN, 0};
      EXPECT_EQ(poll(&ready, 1, 0), 0) << "somebody has reached a socket";
    }
  }

 private:
  TestFolder outside_, readable_, writable_;
  ChildProcess victim_;
  std::string port_, abstract_name_;
  OwnedFd tcp_, streams_, datagrams_, abstract_;
};

class Hostile : public testing::TestWithParam<Cage> {
 protected:
  void SetUp() override {
    const Result<void> tried = try_sandbox(GetParam().kind);
    if (!tried) GTEST_SKIP() << tried.error().what;
    if (GetParam().version > landlock_version()) GTEST_SKIP() << "the kernel's Landlock is older";
  }

  ChildProcess start_caged(ChildOptions options) {
    options.sandbox = GetParam().kind;
    if (GetParam().version == 0) return start(options);
    const Result<Launch> launch = prepare_landlock(options, GetParam().version);
    DEED_CHECK(launch, to_string(launch.error()).c_str());
    Result<ChildProcess> child = launch_child(options, *launch);
    DEED_CHECK(child, to_string(child.error()).c_str());
    return *std::move(child);
  }

  // A limit for each plugin; with Landlock an ordinary user's other processes are counted when it starts, and when they end they
  // leave it room.
  int most_forks() const {
    const bool is_exact = GetParam().kind == SandboxKind::bubblewrap || geteuid() == 0;
    return is_exact ? most_processes : 500;
  }

  Said caged(const ChildOptions& options) { return said_by(start_caged(options)); }

  Surroundings around_;
};

TEST_P(Hostile, ProgramsReachNoFileSocketOrProcessOutside) {
  for (const Language& language : languages()) {
    SCOPED_TRACE(language.name);
    const Said said = caged(around_.options(language, "attack"));
    EXPECT_THAT(said.output, Not(HasSubstr("SUCCEEDED")));
    EXPECT_THAT(said.output, HasSubstr("read-secret refused"));
    EXPECT_THAT(said.output, HasSubstr("\nend\n")) << said.errors << said.end.code;
    around_.expect_untouched();
  }
}

TEST_P(Hostile, ForkBombsAreBoundedLeaveTheMachineUsableAndEndAtOnce) {
  for (const Language& language : languages()) {
    SCOPED_TRACE(language.name);
    ChildProcess bomb = start_caged(around_.options(language, "bomb"));
    const std::string said = read_until(bomb.output_fd(), "\n");
    int forked = -1;
    ASSERT_EQ(std::sscanf(said.c_str(), "forked %d", &forked), 1) << said;
    EXPECT_LE(forked, most_forks());
    EXPECT_EQ(run_to_end({.command = {"/bin/true"}, .folder = "/", .sandbox = SandboxKind::off}).end.code, 0);
    bomb.kill_all();
    bomb.wait_end();
    EXPECT_EQ(read_until(bomb.output_fd(), "never"), "") << "the stream ends when nobody is left who has it";
  }
}

TEST_P(Hostile, FilesDoNotGrowPastTheirLimit) {
  for (const Language& language : languages()) {
    SCOPED_TRACE(language.name);
    ChildOptions options = around_.options(language, "fill");
    options.rules.max_file_bytes = mebibyte;
    const Said said = caged(options);
    EXPECT_THAT(said.output, HasSubstr("large-file refused"));
    EXPECT_THAT(said.output, Not(HasSubstr("SUCCEEDED")));
    std::error_code ignored;
    EXPECT_LE(std::filesystem::file_size(around_.writable() + "/large", ignored), mebibyte);
  }
}

TEST_P(Hostile, TemporaryFilesAreBoundedTogether) {
  ChildOptions options = around_.options(languages().front(), "fill");
  options.rules.max_file_bytes = mebibyte;
  const std::string said = caged(options).output;
  long bytes = -1;
  ASSERT_EQ(std::sscanf(said.c_str() + said.find("temporary"), "temporary %ld", &bytes), 1) << said;
  EXPECT_LE(bytes, static_cast<long>(mebibyte));
}

TEST_P(Hostile, MemoryDoesNotGrowPastItsLimit) {
  for (const Language& language : languages()) {
    if (language.name == std::string("sh")) continue;
    SCOPED_TRACE(language.name);
    ChildOptions options = around_.options(language, "memory");
    options.rules.max_memory_bytes = 64 * mebibyte;
    const std::string said = caged(options).output;
    int allocated = -1;
    ASSERT_EQ(std::sscanf(said.c_str(), "allocated %d", &allocated), 1) << said;
    EXPECT_GT(allocated, 8);
    EXPECT_LE(allocated, 64);
  }
}

#if defined(__x86_64__)
TEST_P(Hostile, CallTablesOfOtherMachinesEndTheProgram) {
  for (const char* table : {"x32", "i386"}) {
    SCOPED_TRACE(table);
    ChildOptions options = around_.options(languages().front(), "foreign");
    options.environment.push_back(std::string("TABLE=") + table);
    const Said said = caged(options);
    EXPECT_EQ(said.end.code, 128 + SIGSYS) << said.output;
  }
}
#endif

INSTANTIATE_TEST_SUITE_P(In, Hostile, testing::ValuesIn(cages), [](const auto& cage) { return std::string(cage.param.name); });

}  // namespace
}  // namespace deed
