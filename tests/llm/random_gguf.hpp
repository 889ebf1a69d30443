// A language model of the llama kind with one small layer and weights that are chance, as a GGUF
// file: what any file that a user names may turn out to be. Source:
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace deed {

class RandomGguf {
 public:
  /// `words` become tokens, with a blank before them; all else is read byte by byte.
  RandomGguf(std::uint64_t seed, const std::set<std::string>& words) : random_(seed) {
    static constexpr char digits[] = "0123456789abcdef";
    for (int i = 0; i < 256; ++i)
      tokens_.push_back(std::string("\\x") + digits[i / 16] + digits[i % 16]);
    for (const std::string& word : words) tokens_.push_back(" " + word);
  }
  /// A chat template, and texts that become tokens as they are. The byte 0 ends a reply.
  void chat(std::string jinja, const std::set<std::string>& texts) {
    jinja_ = std::move(jinja);
    for (const std::string& piece : texts) tokens_.push_back(piece);
  }

  void write(const std::filesystem::path& path) {
    constexpr std::uint32_t width = 32, heads = 2, inner = 32, context = 16384;
    const auto vocabulary = static_cast<std::uint64_t>(tokens_.size());
    text("general.architecture", "llama");
    number("llama.context_length", context);
    number("llama.embedding_length", width);
    number("llama.block_count", 1);
    number("llama.feed_forward_length", inner);
    number("llama.attention.head_count", heads);
    number("llama.attention.head_count_kv", heads);
    number("llama.rope.dimension_count", width / heads);
    real("llama.attention.layer_norm_rms_epsilon", 1e-5F);
    number("llama.vocab_size", static_cast<std::uint32_t>(vocabulary));
    text("tokenizer.ggml.model", "rwkv");
    key("tokenizer.ggml.tokens", 9);
    put<std::uint32_t>(head_, 8), put<std::uint64_t>(head_, vocabulary);
    for (const std::string& token : tokens_) put_text(head_, token);
    if (!jinja_.empty()) text("tokenizer.chat_template", jinja_), number("tokenizer.ggml.eos_token_id", 0);
    tensor("token_embd.weight", {width, vocabulary}, 0.6F);
    tensor("output.weight", {width, vocabulary}, 0.6F);
    tensor("output_norm.weight", {width}, 0, 1);
    tensor("blk.0.attn_norm.weight", {width}, 0, 1);
    for (const char* name : {"q", "k", "v", "output"})
      tensor(std::string("blk.0.attn_") + name + ".weight", {width, width}, 0.4F);
    tensor("blk.0.ffn_norm.weight", {width}, 0, 1);
    tensor("blk.0.ffn_gate.weight", {width, inner}, 0.4F);
    tensor("blk.0.ffn_up.weight", {width, inner}, 0.4F);
    tensor("blk.0.ffn_down.weight", {inner, width}, 0.4F);
    std::string file = "GGUF";
    put<std::uint32_t>(file, 3), put<std::uint64_t>(file, tensors_), put<std::uint64_t>(file, keys_);
    file += head_ + list_;
    file.resize((file.size() + 31) / 32 * 32);
    std::ofstream(path, std::ios::binary) << file << data_;
  }

 private:
  template <class T>
  static void put(std::string& to, T value) {
    to.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  static void put_text(std::string& to, const std::string& value) {
    put<std::uint64_t>(to, value.size());
    to += value;
  }
  void key(const std::string& name, std::uint32_t type) {
    put_text(head_, name), put<std::uint32_t>(head_, type), ++keys_;
  }
  void text(const std::string& name, const std::string& value) { key(name, 8), put_text(head_, value); }
  void number(const std::string& name, std::uint32_t value) { key(name, 4), put(head_, value); }
  void real(const std::string& name, float value) { key(name, 6), put(head_, value); }
  void tensor(const std::string& name, const std::vector<std::uint64_t>& shape, float spread, float mean = 0) {
    put_text(list_, name);
    put(list_, static_cast<std::uint32_t>(shape.size()));
    std::uint64_t count = 1;
    for (const std::uint64_t size : shape) put(list_, size), count *= size;
    put<std::uint32_t>(list_, 0), put<std::uint64_t>(list_, data_.size()), ++tensors_;
    std::normal_distribution<float> chance(mean, spread > 0 ? spread : 1e-6F);
    for (std::uint64_t i = 0; i < count; ++i) put(data_, chance(random_));
    data_.resize((data_.size() + 31) / 32 * 32);
  }

  std::mt19937_64 random_;
  std::vector<std::string> tokens_;
  std::string head_, list_, data_, jinja_;
  std::uint64_t keys_ = 0, tensors_ = 0;
};

}  // namespace deed
