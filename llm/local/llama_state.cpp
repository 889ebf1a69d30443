// Prompts that come again with every run (the tools' signatures, the form's examples), read once and
// kept in a file. What the file holds says nothing of any request: it is written before one is read.
#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/local/cache_folder.hpp"
#include "deed/llm/local/llama_engine.hpp"

#include <llama.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace deed {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kept_files = 8;
constexpr std::size_t max_file_bytes = 512u << 20;
constexpr std::size_t hash_bytes = 64;  // of the rest of the file, in hex, at its beginning

std::string_view bytes_of(const Tokens& tokens) {
  return {reinterpret_cast<const char*>(tokens.data()), tokens.size() * sizeof(Tokens::value_type)};
}

// Empty: not there, or not what was written.
std::string read_checked(const fs::path& path) {
  std::error_code failure;
  const auto size = fs::file_size(path, failure);
  if (failure || size <= hash_bytes || size > max_file_bytes) return {};
  std::string hash(hash_bytes, '\0'), bytes(size - hash_bytes, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(hash.data(), static_cast<std::streamsize>(hash.size()));
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!in || sha256_hex(bytes) != hash) return {};
  return bytes;
}

void write_checked(const fs::path& path, const std::string& bytes) {
  std::error_code failure;
  prepare_cache(path.parent_path(), ".kv", kept_files);
  const fs::path part = path.string() + "." + std::to_string(getpid()) + ".part";
  {
    std::ofstream out(part, std::ios::binary);
    chmod(part.c_str(), 0600);
    out << sha256_hex(bytes) << bytes;
    if (!out.flush()) {
      fs::remove(part, failure);
      return;
    }
  }
  fs::rename(part, path, failure);
  if (failure) fs::remove(part, failure);
}

}  // namespace

// Everything that the state depends on, and the tokens that it stands for.
std::string LlamaEngine::state_key(const Preparation& wanted) const {
  Sha256 hash;
  std::error_code failure;
  const auto time = fs::last_write_time(path_, failure).time_since_epoch().count();
  hash.update("1 " + std::string(llama_version()) + " " + path_ + " " +
              std::to_string(fs::file_size(path_, failure)) + " " + std::to_string(time) + " " +
              std::to_string(context_size_) + " " + std::to_string(max_sequences));
  const auto add = [&](const Tokens& tokens) {
    hash.update(" " + std::to_string(tokens.size()) + " ");
    hash.update(bytes_of(tokens));
  };
  add(wanted.prefix);
  for (const Tokens& given : wanted.given) add(given);
  add(wanted.other);
  return hash.hex();
}

Result<void> LlamaEngine::prepare(const Preparation& wanted) {
  std::size_t total = wanted.prefix.size() + wanted.other.size();
  for (const Tokens& given : wanted.given) total += given.size();
  // Half of the context is left for the requests.
  if (total * 2 > static_cast<std::size_t>(context_size_) || wanted.given.size() > max_branches)
    return {};
  const std::string key = state_key(wanted);
  if (key == prepared_) return {};
  // A file is for the first thing that a process reads; later the context holds other things too.
  const bool is_new = std::all_of(prefixes_.begin(), prefixes_.end(),
                                  [](const Prefix& prefix) { return prefix.tokens.empty(); });
  const fs::path file = is_new && !cache_dir_.empty() ? fs::path(cache_dir_) / (key + ".kv") : fs::path();
  if (!file.empty() && take_state(wanted, read_checked(file))) {
    usage_.input += static_cast<std::int64_t>(total), usage_.cached += static_cast<std::int64_t>(total);
    prepared_ = key;
    return {};
  }
  DEED_TRY(const std::size_t slot, hold_prefix(wanted.prefix));
  drop_branches(slot);
  for (const Tokens& given : wanted.given) {
    DEED_TRY([[maybe_unused]] const Branch* branch, hold_branch(slot, given));
  }
  DEED_TRY([[maybe_unused]] const std::size_t other, hold_prefix(wanted.other));
  prepared_ = key;
  if (!file.empty()) write_checked(file, give_state());
  return {};
}

// The logits behind the prefixes, then llama.cpp's own state.
std::string LlamaEngine::give_state() {
  std::string bytes;
  for (const Prefix& prefix : prefixes_)
    if (!prefix.logits.empty())
      bytes.append(reinterpret_cast<const char*>(prefix.logits.data()), prefix.logits.size() * sizeof(float));
  const std::size_t head = bytes.size();
  bytes.resize(head + llama_state_get_size(context_.get()));
  bytes.resize(head + llama_state_get_data(context_.get(), reinterpret_cast<std::uint8_t*>(bytes.data() + head),
                                           bytes.size() - head));
  return bytes;
}

bool LlamaEngine::take_state(const Preparation& wanted, const std::string& bytes) {
  const std::size_t logits_bytes = static_cast<std::size_t>(vocabulary_size_) * sizeof(float);
  if (bytes.size() <= 2 * logits_bytes) return false;
  const std::string_view state = std::string_view(bytes).substr(2 * logits_bytes);
  if (llama_state_set_data(context_.get(), reinterpret_cast<const std::uint8_t*>(state.data()), state.size()) !=
      state.size()) {
    forget_all();
    return false;
  }
  // As `prepare` leaves a new context: the first prefix with its branches, then the other one.
  const auto take = [&](std::size_t slot, const Tokens& tokens) {
    Prefix& prefix = prefixes_[slot];
    prefix.tokens = tokens;
    prefix.logits.resize(static_cast<std::size_t>(vocabulary_size_));
    std::memcpy(prefix.logits.data(), bytes.data() + slot * logits_bytes, logits_bytes);
    prefix.last_use = ++uses_;
  };
  take(0, wanted.prefix);
  take(1, wanted.other);
  branches_.clear();
  for (const Tokens& given : wanted.given) {
    const bool is_there = std::any_of(branches_.begin(), branches_.end(),
                                      [&](const Branch& branch) { return branch.given == given; });
    if (given.size() > 1 && !is_there)
      branches_.push_back({prefix_slots + static_cast<int>(branches_.size()), 0, given});
  }
  return true;
}

}  // namespace deed
