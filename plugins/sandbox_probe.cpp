#include "deed/plugins/sandbox_probe.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "deed/plugins/sandbox_launch.hpp"

namespace deed {
namespace {

constexpr std::chrono::seconds longest_probe{20};
constexpr std::size_t most_complaint = 2000;

// Says what it could do and should not have; the last line says that it ran to its end. The secret's text must not be readable.
constexpr const char* probe_script = R"sh(
if read -r line < "$1/secret"; then echo "a file outside of its folders can be read"; fi 2>/dev/null
(echo changed > "$1/secret") 2>/dev/null
filter=none user=none
while read -r name value rest; do
  case $name in Seccomp:) filter=$value;; Uid:) user=$value;; esac
done < /proc/self/status
[ "$filter" = 2 ] || echo "system calls are not filtered ($filter)"
[ "$user" != 0 ] || [ "$2" != 0 ] || echo "it is still root"
echo held
)sh";

class ProbeFolder {
 public:
  ~ProbeFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ProbeFolder(const ProbeFolder&) = delete;
  ProbeFolder& operator=(const ProbeFolder&) = delete;
  ProbeFolder() {
    std::error_code error;
    std::string path = (std::filesystem::temp_directory_path(error) / "deed-sandbox-XXXXXX").string();
    if (!error && mkdtemp(path.data())) path_ = path;
    std::ofstream(secret()) << "secret\n";
  }

  const std::string& path() const { return path_; }
  std::string secret() const { return path_ + "/secret"; }
  bool is_unchanged() const {
    std::ifstream file(secret());
    return std::string(std::istreambuf_iterator<char>(file), {}) == "secret\n";
  }

 private:
  std::string path_;
};

// What comes out of `fd` until its end, at most `most_complaint` bytes; what comes after the deadline is not waited for.
std::string read_until_end(int fd, std::chrono::steady_clock::time_point deadline) {
  std::string text;
  while (text.size() < most_complaint) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{fd, POLLIN, 0};
    if (left.count() <= 0 || poll(&ready, 1, static_cast<int>(left.count())) == 0) break;
    char part[512];
    const ssize_t got = read(fd, part, sizeof part);
    if (got == 0) break;
    if (got > 0) text.append(part, static_cast<std::size_t>(got));
    if (got < 0 && errno != EAGAIN && errno != EINTR) break;
  }
  return text;
}

std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (char& byte : text) byte = byte == '\n' ? ';' : byte;
  return text;
}

}  // namespace

Result<void> probe_sandbox(SandboxKind kind) {
  const auto failed = [kind](std::string why) {
    return fail(ErrorKind::unsupported, std::string("the sandbox ") + to_string(kind) + " does not hold here: " + std::move(why));
  };
  const ProbeFolder folder;
  if (folder.path().empty()) return failed("no temporary folder can be made");
  const std::string user = std::to_string(geteuid());
  Result<ChildProcess> child = launch_child({.command = {"/bin/sh", "-c", probe_script, "probe", folder.path(), user},
                                             .folder = "/usr", .environment = {"LC_ALL=C"}, .sandbox = kind});
  if (!child) return failed(to_string(child.error()));
  child->close_input();
  const auto deadline = std::chrono::steady_clock::now() + longest_probe;
  const std::string said = one_line(read_until_end(child->output_fd(), deadline));
  const std::string complaint = one_line(read_until_end(child->errors_fd(), deadline));
  child->kill_all();
  child->wait_end();
  if (!folder.is_unchanged()) return failed("a file outside of its folders can be written; " + said);
  if (said == "held") return {};
  return failed(said.empty() ? complaint.empty() ? "a shell in it ends without a word" : complaint : said);
}

Result<SandboxKind> first_sandbox(const std::vector<SandboxKind>& kinds,
                                  const std::function<Result<void>(SandboxKind)>& attempt) {
  std::string reasons;
  for (const SandboxKind kind : kinds) {
    const Result<void> tried = attempt(kind);
    if (tried) return kind;
    reasons += (reasons.empty() ? "" : "; ") + tried.error().what;
  }
  return fail(ErrorKind::unsupported, "no sandbox works here, and a plugin is not run without one: " + reasons, "",
              "install bubblewrap, or use a kernel with Landlock; docs/sandbox.md says what each needs");
}

}  // namespace deed
