// Reads the head of a GGUF file: what kind of model it is, and whether the file holds all that the
// head promises. Finds a download that stopped in the middle in milliseconds, without loading
// weights and without llama.cpp. Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
#pragma once

#include "deed/core/result.hpp"

#include <cstdint>
#include <string>

namespace deed {

struct GgufSummary {
  std::string architecture;         ///< "llama"
  std::string name;                 ///< as the model calls itself; may be empty
  std::int64_t context_length = 0;  ///< of the training; 0: not said
  std::int64_t file_type = -1;      ///< of most weights, as llama.cpp numbers them; -1: not said
  std::uint64_t tensors = 0;
  std::uint64_t bytes = 0;  ///< of the file
  std::string chat_template;       ///< for tools if the file has one for them; may be empty
  /// Of keys and values for a token of context at 16 bits, from above; 0: not known.
  std::uint64_t context_bytes = 0;
};

/// errors  not_found, denied: the file cannot be opened. corrupt: no GGUF, damaged, or cut off; the
/// text says where.
///         unsupported: a version of the format that is not known; a model in several files
Result<GgufSummary> read_gguf(const std::string& path);

/// Bytes that `elements` elements of a tensor type take; 0 for a type that is not known.
std::uint64_t gguf_tensor_bytes(std::uint32_t type, std::uint64_t elements);

}  // namespace deed
