#include "deed/llm/local/llama_recast.hpp"

#include "deed/core/hash.hpp"
#include "deed/llm/local/gguf.hpp"

#include <llama.h>

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace deed {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t largest = 600u << 20;  // its copy is up to twice the size
constexpr std::size_t kept_copies = 2;

bool is_slow(const llama_model& model) {
  char type[16] = {};
  llama_model_meta_val_str(&model, "general.file_type", type, sizeof type);
  return std::string_view(type) == std::to_string(LLAMA_FTYPE_MOSTLY_Q4_1) ||
         std::string_view(type) == std::to_string(LLAMA_FTYPE_MOSTLY_Q5_1);
}

bool is_written_out(const fs::path& file) {
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool ok = fsync(fd) == 0;
  close(fd);
  return ok;
}

void make_space(const fs::path& folder) {
  std::error_code failure;
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  for (const auto& entry : fs::directory_iterator(folder, failure))
    if (entry.path().extension() == ".gguf")
      files.emplace_back(entry.last_write_time(failure), entry.path());
  std::sort(files.begin(), files.end());
  for (std::size_t i = 0; i + kept_copies <= files.size(); ++i) fs::remove(files[i].second, failure);
}

}  // namespace

std::string quick_copy(const llama_model& model, const std::string& path,
                       const std::string& cache_dir) {
  std::error_code failure;
  const std::uintmax_t size = fs::file_size(path, failure);
  if (failure || size > largest || cache_dir.empty() || !is_slow(model)) return path;
  const auto time = fs::last_write_time(path, failure).time_since_epoch().count();
  const std::string key = sha256_hex("1 " + path + " " + std::to_string(size) + " " + std::to_string(time));
  const fs::path copy = fs::path(cache_dir) / (key + ".gguf");
  if (fs::exists(copy, failure) && read_gguf(copy.string())) return copy.string();
  fs::create_directories(cache_dir, failure);
  fs::permissions(cache_dir, fs::perms::owner_all, failure);
  if (fs::space(cache_dir, failure).available < 4 * size || failure) return path;
  make_space(cache_dir);
  const std::string part = copy.string() + "." + std::to_string(getpid()) + ".part";
  llama_model_quantize_params params = llama_model_quantize_default_params();
  params.ftype = LLAMA_FTYPE_MOSTLY_Q8_0;
  params.allow_requantize = true;
  if (llama_model_quantize(path.c_str(), part.c_str(), &params) == 0 && is_written_out(part))
    fs::rename(part, copy, failure);
  else
    failure = std::make_error_code(std::errc::io_error);
  if (!failure) return copy.string();
  fs::remove(part, failure);
  return path;
}

}  // namespace deed
