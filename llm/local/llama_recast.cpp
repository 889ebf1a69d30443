#include "deed/llm/local/llama_recast.hpp"

#include "deed/core/hash.hpp"
#include "deed/llm/local/cache_folder.hpp"
#include "deed/llm/local/gguf.hpp"

#include <llama.h>

#include <fcntl.h>
#include <cstdint>
#include <filesystem>
#include <unistd.h>

namespace deed {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t largest = 600u << 20;  // its copy is up to twice the size
constexpr std::size_t kept_copies = 2;

bool is_slow(std::int64_t file_type) {
  return file_type == LLAMA_FTYPE_MOSTLY_Q4_1 || file_type == LLAMA_FTYPE_MOSTLY_Q5_1;
}

bool is_written_out(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool ok = fsync(fd) == 0;
  close(fd);
  return ok;
}

}  // namespace

std::string quick_copy(const std::string& path, const std::string& cache_dir) {
  if (cache_dir.empty()) return path;
  const auto head = read_gguf(path);
  if (!head || !is_slow(head->file_type) || head->bytes > largest) return path;
  std::error_code failure;
  const std::uint64_t size = head->bytes;
  const auto time = fs::last_write_time(path, failure).time_since_epoch().count();
  const std::string key = sha256_hex("1 " + path + " " + std::to_string(size) + " " + std::to_string(time));
  const fs::path copy = fs::path(cache_dir) / (key + ".gguf");
  if (fs::exists(copy, failure) && read_gguf(copy.string())) return copy.string();
  prepare_cache(cache_dir, ".gguf", kept_copies);
  if (fs::space(cache_dir, failure).available < 4 * size || failure) return path;
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
