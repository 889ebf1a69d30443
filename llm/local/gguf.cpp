#include "deed/llm/local/gguf.hpp"

#include "deed/core/checked.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <sys/stat.h>
#include <vector>

namespace deed {
namespace {

constexpr std::uint64_t max_entries = 1u << 20;      // keys, tensors
constexpr std::uint64_t max_text_bytes = 16u << 20;  // a chat template is the longest text
constexpr std::uint64_t max_elements = 1ull << 40;   // of a tensor

enum ValueType : std::uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  string,
  array,
  u64,
  i64,
  f64,
  count
};
constexpr std::array<std::uint8_t, count> value_bytes = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

// A cursor that turns every read past the end into one Error.
class Reader {
 public:
  Reader(const std::string& path, std::uint64_t size)
      : path_(path), size_(size), buffer_(1u << 20) {
    file_.rdbuf()->pubsetbuf(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    file_.open(path, std::ios::binary);
  }
  bool is_open() const { return file_.is_open(); }
  std::uint64_t position() const { return position_; }

  template <class T>
  Result<T> number() {
    T value{};
    DEED_OK(take(sizeof value));
    file_.read(reinterpret_cast<char*>(&value), sizeof value);
    if (!file_) return cut_off();
    return value;
  }
  Result<std::string> text() {
    DEED_TRY(const auto length, number<std::uint64_t>());
    if (length > max_text_bytes) return damaged("a text of " + std::to_string(length) + " bytes");
    DEED_OK(take(length));
    std::string value(length, '\0');
    file_.read(value.data(), static_cast<std::streamsize>(length));
    if (!file_) return cut_off();
    return value;
  }
  Result<void> skip(std::uint64_t bytes) {
    DEED_OK(take(bytes));
    file_.ignore(static_cast<std::streamsize>(bytes));
    if (!file_) return cut_off();
    return {};
  }
  Result<void> skip_text() {
    DEED_TRY(const auto length, number<std::uint64_t>());
    return skip(length);
  }

  Unexpected cut_off() const {
    return fail(ErrorKind::corrupt,
                "the model file is cut off: it ends within its head, after " +
                    std::to_string(size_) + " bytes",
                path_, "fetch it again (deed models install)");
  }
  Unexpected damaged(std::string what) const {
    return fail(ErrorKind::corrupt,
                "the model file is damaged: " + what + " at byte " + std::to_string(position_),
                path_, "fetch it again (deed models install)");
  }

 private:
  Result<void> take(std::uint64_t bytes) {
    if (bytes > size_ - position_) return cut_off();
    position_ += bytes;
    return {};
  }

  std::string path_;
  std::uint64_t size_, position_ = 0;
  std::vector<char> buffer_;
  std::ifstream file_;
};

Result<void> skip_array(Reader& in) {
  DEED_TRY(const auto type, in.number<std::uint32_t>());
  DEED_TRY(const auto length, in.number<std::uint64_t>());
  if (type >= count || type == array) return in.damaged("an array of type " + std::to_string(type));
  if (type != string) {
    if (length > std::numeric_limits<std::uint32_t>::max())
      return in.damaged("an array of " + std::to_string(length));
    return in.skip(length * value_bytes[type]);
  }
  for (std::uint64_t i = 0; i < length; ++i) DEED_OK(in.skip_text());
  return {};
}

struct Head {
  GgufSummary summary;
  std::uint64_t alignment = 32, keys = 0, splits = 0;
  std::string tool_template;
  std::uint64_t layers = 0, width = 0, heads = 0, key_heads = 0, key_length = 0, value_length = 0;
};

// Keys and values of one token. A model whose layers differ says less here; then it counts as if all heads had keys of their own.
std::uint64_t context_bytes(const Head& head) {
  constexpr std::uint64_t largest = 1u << 20;
  for (const std::uint64_t value : {head.layers, head.width, head.heads, head.key_heads, head.key_length, head.value_length})
    if (value > largest) return 0;
  if (head.layers == 0 || head.width == 0) return 0;
  const std::uint64_t heads = std::max<std::uint64_t>(head.heads, 1);
  const std::uint64_t key_heads = head.key_heads > 0 ? head.key_heads : heads;
  const std::uint64_t key = head.key_length > 0 ? head.key_length : head.width / heads;
  const std::uint64_t value = head.value_length > 0 ? head.value_length : key;
  return 2 * head.layers * key_heads * (key + value);
}

Result<std::optional<std::uint64_t>> read_integer(Reader& in, std::uint32_t type) {
  if (type == u16) {
    DEED_TRY(const auto value, in.number<std::uint16_t>());
    return std::optional<std::uint64_t>(value);
  }
  if (type == u32 || type == i32) {
    DEED_TRY(const auto value, in.number<std::uint32_t>());
    return std::optional<std::uint64_t>(value);
  }
  if (type == u64 || type == i64) {
    DEED_TRY(const auto value, in.number<std::uint64_t>());
    return std::optional<std::uint64_t>(value);
  }
  DEED_OK(in.skip(value_bytes[type]));
  return std::optional<std::uint64_t>();
}

Result<void> read_key(Reader& in, Head& head) {
  DEED_TRY(const std::string key, in.text());
  DEED_TRY(const auto type, in.number<std::uint32_t>());
  if (type >= count) return in.damaged("a value of type " + std::to_string(type));
  if (type == array) return skip_array(in);
  if (type == string) {
    DEED_TRY(std::string value, in.text());
    if (key == "general.architecture")
      head.summary.architecture = std::move(value);
    else if (key == "general.name")
      head.summary.name = std::move(value);
    else if (key == "tokenizer.chat_template")
      head.summary.chat_template = std::move(value);
    else if (key == "tokenizer.chat_template.tool_use")
      head.tool_template = std::move(value);
    return {};
  }
  DEED_TRY(const auto value, read_integer(in, type));
  if (!value) return {};
  if (key == "general.alignment")
    head.alignment = *value;
  else if (key == "split.count")
    head.splits = *value;
  else if (key == "general.file_type")
    head.summary.file_type = static_cast<std::int64_t>(*value);
  else if (key.ends_with(".context_length"))
    head.summary.context_length = static_cast<std::int64_t>(*value);
  else if (key.ends_with(".block_count"))
    head.layers = *value;
  else if (key.ends_with(".embedding_length"))
    head.width = *value;
  else if (key.ends_with(".attention.head_count"))
    head.heads = *value;
  else if (key.ends_with(".attention.head_count_kv"))
    head.key_heads = *value;
  else if (key.ends_with(".attention.key_length"))
    head.key_length = *value;
  else if (key.ends_with(".attention.value_length"))
    head.value_length = *value;
  return {};
}

// Where the tensor's data ends, counted from the begin of all data.
Result<std::uint64_t> read_tensor(Reader& in) {
  DEED_OK(in.skip_text());
  DEED_TRY(const auto dimensions, in.number<std::uint32_t>());
  if (dimensions > 8)
    return in.damaged("a tensor of " + std::to_string(dimensions) + " dimensions");
  std::uint64_t elements = 1;
  for (std::uint32_t i = 0; i < dimensions; ++i) {
    DEED_TRY(const auto size, in.number<std::uint64_t>());
    if (size == 0 || size > max_elements || elements > max_elements / size)
      return in.damaged("the size of a tensor");
    elements *= size;
  }
  DEED_TRY(const auto type, in.number<std::uint32_t>());
  DEED_TRY(const auto offset, in.number<std::uint64_t>());
  if (offset > std::numeric_limits<std::uint64_t>::max() / 2)
    return in.damaged("the place of a tensor");
  return offset + gguf_tensor_bytes(type, elements);
}

Result<Head> read_head(Reader& in, const std::string& path) {
  Head head;
  DEED_TRY(const auto magic, in.number<std::array<char, 4>>());
  if (std::memcmp(magic.data(), "GGUF", 4) != 0)
    return fail(ErrorKind::corrupt,
                "not a GGUF file: it begins with \"" + escaped({magic.data(), 4}) + "\"", path,
                "name a model in GGUF format");
  DEED_TRY(const auto version, in.number<std::uint32_t>());
  if (version < 2 || version > 3)
    return fail(ErrorKind::unsupported,
                "GGUF version " + std::to_string(version) + "; versions 2 and 3 are known", path,
                "convert the model with a current llama.cpp");
  DEED_TRY(head.summary.tensors, in.number<std::uint64_t>());
  DEED_TRY(head.keys, in.number<std::uint64_t>());
  if (head.summary.tensors > max_entries || head.keys > max_entries)
    return in.damaged("the number of entries");
  return head;
}

}  // namespace

std::uint64_t gguf_tensor_bytes(std::uint32_t type, std::uint64_t elements) {
  struct Block {
    std::uint16_t elements, bytes;
  };
  // By ggml's type numbers; those that were withdrawn are empty.
  static constexpr std::array<Block, 40> blocks = {
      {{1, 4},    {1, 2},    {32, 18},  {32, 20},   {},         {},         {32, 22},   {32, 24},
       {32, 34},  {32, 36},  {256, 84}, {256, 110}, {256, 144}, {256, 176}, {256, 210}, {256, 292},
       {256, 66}, {256, 74}, {256, 98}, {256, 50},  {32, 18},   {256, 110}, {256, 82},  {256, 136},
       {1, 1},    {1, 2},    {1, 4},    {1, 8},     {1, 8},     {256, 56},  {1, 2},     {},
       {},        {},        {256, 54}, {256, 66},  {},         {},         {},         {32, 17}}};
  if (type >= blocks.size() || blocks[type].elements == 0) return 0;
  return (elements + blocks[type].elements - 1) / blocks[type].elements * blocks[type].bytes;
}

Result<GgufSummary> read_gguf(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    return fail(errno == ENOENT || errno == ENOTDIR ? ErrorKind::not_found : ErrorKind::denied,
                std::string("cannot open the model file: ") + std::strerror(errno), path);
  if (!S_ISREG(status.st_mode))
    return fail(ErrorKind::invalid, "not a file", path, "name a .gguf file");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  Reader in(path, size);
  if (!in.is_open())
    return fail(ErrorKind::denied,
                std::string("cannot open the model file: ") + std::strerror(errno), path);
  DEED_TRY(Head head, read_head(in, path));
  for (std::uint64_t i = 0; i < head.keys; ++i) DEED_OK(read_key(in, head));
  if (head.splits > 1)
    return fail(ErrorKind::unsupported, "the model is in " + std::to_string(head.splits) + " files",
                path, "join them with llama-gguf-split --merge");
  std::uint64_t end = 0;
  for (std::uint64_t i = 0; i < head.summary.tensors; ++i) {
    DEED_TRY(const auto tensor_end, read_tensor(in));
    end = std::max(end, tensor_end);
  }
  if (head.alignment == 0 || head.alignment > (1u << 20) ||
      (head.alignment & (head.alignment - 1)) != 0)
    return in.damaged("an alignment of " + std::to_string(head.alignment));
  const std::uint64_t begin =
      (in.position() + head.alignment - 1) / head.alignment * head.alignment;
  if (begin + end > size)
    return fail(ErrorKind::corrupt,
                "the model file is cut off: " + std::to_string(size) + " of at least " +
                    std::to_string(begin + end) + " bytes are there",
                path, "fetch it again (deed models install)");
  if (head.summary.architecture.empty()) return in.damaged("no architecture");
  head.summary.bytes = size;
  head.summary.context_bytes = context_bytes(head);
  if (!head.tool_template.empty()) head.summary.chat_template = std::move(head.tool_template);
  return head.summary;
}

}  // namespace deed
