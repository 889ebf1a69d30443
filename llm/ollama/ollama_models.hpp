// The models that an Ollama server has, and getting one more. Source: https://docs.ollama.com/api/tags, https://docs.ollama.com/api/pull
#pragma once

#include "deed/core/async.hpp"
#include "deed/llm/model.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace deed::ollama {

struct OllamaModel {
  std::string name;  ///< "qwen3:8b"
  std::int64_t size_bytes = 0;
  std::string modified_at = {};     ///< as the server writes it (RFC 3339)
  std::string family = {};          ///< "qwen3"
  std::string parameters = {};      ///< "8.2B"
  std::string quantization = {};    ///< "Q4_K_M"

  bool operator==(const OllamaModel&) const = default;
};

struct PullProgress {
  std::string status;  ///< "pulling manifest", "pulling dde5aa3fc5ff", "verifying sha256 digest", …
  std::string digest = {};           ///< of the part that is being fetched, if one is
  std::int64_t total_bytes = 0;      ///< of that part; 0: not known
  std::int64_t completed_bytes = 0;  ///< of that part

  bool operator==(const PullProgress&) const = default;
};

/// What the server of `environment` (OLLAMA_HOST, …) has, in its order. `environment` and what it borrows outlive the call.
/// errors  unavailable: nobody listens there, the hint says what to do. corrupt: the answer is no list. Others as to_error
Async<std::vector<OllamaModel>> list(const ModelEnvironment& environment);

/// Has the server fetch `model`; what it has of it already it keeps. Returns when the server says that it has all of it.
///
/// model     "qwen3:8b"
/// progress  called on the loop thread for each line of the server, many a second; may be empty
/// errors    not_found, unavailable: as the server says. corrupt: the stream ended early; asking again goes on where it was
Async<void> pull(const ModelEnvironment& environment, std::string model, std::function<void(const PullProgress&)> progress);

/// The body of GET /api/tags. Pure. errors  corrupt: no list of models
Result<std::vector<OllamaModel>> parse_models(std::string_view body);

/// The answer of POST /api/pull as a state machine without I/O: one JSON object a line, the last says "success".
class PullReader {
 public:
  /// Takes the next bytes, cut anywhere; gives what the lines that they completed say.
  /// errors  corrupt: not JSON, or a line of more than 1 MiB. Others as the server's error says (to_error)
  Result<std::vector<PullProgress>> feed(std::string_view bytes);
  /// The body has ended. errors  corrupt: without "success"
  Result<std::vector<PullProgress>> finish();

 private:
  Result<void> take(const std::string& line, std::vector<PullProgress>& out);

  std::string line_;
  bool has_succeeded_ = false;
};

}  // namespace deed::ollama
