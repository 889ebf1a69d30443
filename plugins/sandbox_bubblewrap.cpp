// A plugin in name spaces of its own, made by bwrap(1): it sees only what is mounted for it, no other process, and no network. The
// mounts and variables go to bwrap through a file in memory, since a command line can be read by everyone in /proc.
//
// The limit of processes is set inside, by prlimit(1), because in a name space of users counting begins anew there. For root that
// limit does not bind (sandbox_launch.hpp), and a name space of users that maps root alone has no other user in it. So root's
// plugins get no such name space: setpriv(1) makes them another user inside, with the right to root's files, of which only the
// mounted ones are there. These two programs run with the rights that they give up, and must not load anything of the plugin's.
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>

#include "deed/plugins/sandbox_launch.hpp"
#include "deed/plugins/sandbox_seccomp.hpp"

namespace deed {
namespace {

constexpr const char* bwrap_program = "/usr/bin/bwrap";
constexpr const char* prlimit_program = "/usr/bin/prlimit";
constexpr const char* setpriv_program = "/usr/bin/setpriv";
constexpr const char* env_program = "/usr/bin/env";
constexpr std::uint64_t most_temporary_bytes = 64u << 20;

using Words = std::vector<std::string>;

void append(Words& words, std::initializer_list<std::string> more) { words.insert(words.end(), more); }

// A file in memory that bwrap reads to its end.
Result<OwnedFd> memory_file(const void* data, std::size_t size) {
  OwnedFd file(memfd_create("deed-sandbox", MFD_CLOEXEC));
  if (file.get() < 0) return system_error(errno, "no file in memory can be made", "");
  for (std::size_t done = 0; done < size;) {
    const ssize_t written = write(file.get(), static_cast<const char*>(data) + done, size - done);
    if (written < 0 && errno != EINTR) return system_error(errno, "a file in memory cannot be written", "");
    if (written > 0) done += static_cast<std::size_t>(written);
  }
  if (lseek(file.get(), 0, SEEK_SET) != 0) return system_error(errno, "a file in memory cannot be read", "");
  return file;
}

Words name_space_words(bool network, bool is_root) {
  Words words = {"--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"};
  if (!network) append(words, {"--unshare-net"});
  if (!is_root) append(words, {"--unshare-user"});
  if (is_root) {
    append(words, {"--cap-drop", "ALL"});
    for (const char* kept : {"CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_DAC_OVERRIDE"}) append(words, {"--cap-add", kept});
  }
  return words;
}

// /bin and its like are links into /usr on most systems, and stay links.
void append_system(Words& words, bool network) {
  for (const std::string& path : system_paths(network)) {
    std::error_code error;
    if (std::filesystem::is_symlink(path, error) && path.find('/', 1) == std::string::npos) {
      append(words, {"--symlink", std::filesystem::read_symlink(path, error).string(), path});
    } else {
      append(words, {"--ro-bind", path, path});
    }
  }
}

// Not bwrap's own /dev: that can be written without a limit, and its zero device is memory that RLIMIT_DATA does not count.
void append_devices(Words& words, const std::string& temporary_bytes) {
  append(words, {"--size", temporary_bytes, "--tmpfs", "/dev"});
  for (const char* device : {"/dev/null", "/dev/full", "/dev/random", "/dev/urandom"}) append(words, {"--dev-bind", device, device});
  append(words, {"--symlink", "/proc/self/fd", "/dev/fd", "--symlink", "/proc/self/fd/0", "/dev/stdin", "--symlink",
                 "/proc/self/fd/1", "/dev/stdout", "--symlink", "/proc/self/fd/2", "/dev/stderr"});
  append(words, {"--perms", "1777", "--size", temporary_bytes, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"});
}

// Outer folders before those in them; what is readable first, so that a folder which is both can be written.
void append_folders(Words& words, const char* kind, std::vector<std::string> paths) {
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) append(words, {kind, path, path});
}

Words mount_words(const SandboxRules& rules) {
  const std::string temporary_bytes = std::to_string(std::clamp<std::uint64_t>(rules.max_file_bytes, 4096, most_temporary_bytes));
  Words words;
  append_system(words, rules.network);
  append_devices(words, temporary_bytes);
  append(words, {"--proc", "/proc", "--perms", "1777", "--size", temporary_bytes, "--tmpfs", "/tmp"});
  append_folders(words, "--ro-bind", rules.readable);
  append_folders(words, "--bind", rules.writable);
  append(words, {"--remount-ro", "/"});
  return words;
}

// Variables by which the C library loads code or changes its memory: they must reach the plugin alone.
bool is_loaders(std::string_view variable) {
  constexpr std::string_view prefixes[] = {"LD_", "GLIBC_", "MALLOC_", "GCONV_PATH", "LOCPATH", "NLSPATH", "GETCONF_DIR", "TEXTDOMAIN"};
  return std::any_of(std::begin(prefixes), std::end(prefixes), [&](std::string_view one) { return variable.starts_with(one); });
}

void append_variables(Words& words, const std::vector<std::string>& environment) {
  for (const std::string& variable : environment) {
    if (is_loaders(variable)) continue;
    const std::size_t equals = variable.find('=');
    append(words, {"--setenv", variable.substr(0, equals), variable.substr(equals + 1)});
  }
}

// env(1) would take such a program for a variable.
Result<void> check_program_name(const ChildOptions& options) {
  const bool has_loaders = std::any_of(options.environment.begin(), options.environment.end(), is_loaders);
  if (!has_loaders || options.command.front().find('=') == std::string::npos) return {};
  return fail(ErrorKind::invalid, "a program with \"=\" in its path cannot be given variables of the loader", options.command.front());
}

Words program_words(const ChildOptions& options, std::optional<uid_t> user) {
  // Without another user, bwrap's own process in the name space counts too. A limit that deed itself is under stays.
  rlimit own = {};
  getrlimit(RLIMIT_NPROC, &own);
  const std::string most = std::to_string(std::min<rlim_t>(process_limit(options.rules) + (user ? 0 : 1), own.rlim_max));
  Words words = {prlimit_program, "--nproc=" + most + ":" + most};
  if (user) {
    const std::string id = std::to_string(*user);
    append(words, {setpriv_program, "--reuid=" + id, "--regid=" + id, "--clear-groups", "--inh-caps=-all,+dac_override",
                   "--ambient-caps=-all,+dac_override", "--bounding-set=-all,+dac_override"});
  }
  Words loaders;
  std::copy_if(options.environment.begin(), options.environment.end(), std::back_inserter(loaders), is_loaders);
  if (!loaders.empty()) append(words, {env_program});
  words.insert(words.end(), loaders.begin(), loaders.end());
  words.insert(words.end(), options.command.begin(), options.command.end());
  return words;
}

Result<void> check_tools(bool is_root) {
  for (const char* program : {bwrap_program, prlimit_program, setpriv_program, env_program}) {
    if (program == setpriv_program && !is_root) continue;
    if (access(program, X_OK) == 0) continue;
    return fail(ErrorKind::unsupported, std::string("there is no ") + program, "", "install bubblewrap and util-linux");
  }
  return {};
}

}  // namespace

Result<Launch> prepare_bubblewrap(const ChildOptions& options) {
  const std::optional<uid_t> user = own_user_for_root();
  DEED_OK(check_tools(user.has_value()));
  DEED_OK(check_program_name(options));
  DEED_TRY(const std::vector<sock_filter> filter, compile_filter({.network = options.rules.network}));
  DEED_TRY(OwnedFd filter_file, memory_file(filter.data(), filter.size() * sizeof(sock_filter)));

  Words words = name_space_words(options.rules.network, user.has_value());
  const Words mounts = mount_words(options.rules);
  words.insert(words.end(), mounts.begin(), mounts.end());
  append_variables(words, options.environment);
  append(words, {"--chdir", options.folder, "--seccomp", std::to_string(filter_file.get())});
  std::string text;
  for (const std::string& word : words) text += word + '\0';
  DEED_TRY(OwnedFd words_file, memory_file(text.data(), text.size()));

  Launch launch{.command = {bwrap_program, "--args", std::to_string(words_file.get()), "--"}};
  const Words program = program_words(options, user);
  launch.command.insert(launch.command.end(), program.begin(), program.end());
  launch.limits = limits_of(options.rules);
  launch.kept.push_back(std::move(words_file));
  launch.kept.push_back(std::move(filter_file));
  return launch;
}

}  // namespace deed
