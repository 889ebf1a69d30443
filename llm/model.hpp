// A language model: a request in, one reply out, streamed on the way. One file per provider
// implements it.
#pragma once

#include "deed/core/async.hpp"
#include "deed/core/secrets.hpp"
#include "deed/llm/message.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace deed {

class HttpClient;

struct ModelRequest {
  std::string system = {};
  Transcript messages;
  ToolList tools = {};
  std::optional<Json> response_schema = {};  ///< the text must be JSON of this schema
  std::int64_t max_tokens = 2048;            ///< of the reply
  std::optional<double> temperature = {};
  std::optional<std::int64_t> seed = {};
  std::chrono::milliseconds timeout{300'000};
};

struct TextDelta {
  std::string text;
};
struct ReasoningDelta {
  std::string text;
};
struct ToolCallDelta {
  std::string id, name, arguments;
};  ///< `arguments` is the next piece of JSON text
using StreamEvent = std::variant<TextDelta, ReasoningDelta, ToolCallDelta>;

/// Called on the loop thread as pieces arrive. May be empty.
using StreamSink = std::function<void(const StreamEvent&)>;

struct ModelInfo {
  std::string name;                 ///< as the user gave it: "local:smollm2"
  std::int64_t context_window = 0;  ///< tokens, prompt and reply together; 0: the model sees to it itself that what it reads fits
  double usd_per_million_input = 0;
  double usd_per_million_output = 0;
};

class Model {
 public:
  virtual ~Model() = default;

  virtual const ModelInfo& info() const = 0;

  /// How many tokens `text` is; an estimate from above where the provider does not say. Any thread.
  virtual std::int64_t count_tokens(std::string_view text) const = 0;

  /// One reply. A stream that ends without its terminal marker is an error, never a short reply.
  /// errors  unavailable: may be asked again; timeout; limit: the prompt does not fit; denied: key
  /// refused;
  ///         corrupt: the answer is not what the API promises; cancelled
  virtual Async<Reply> generate(ModelRequest request, StreamSink sink) = 0;
};

/// What the providers need of the world; borrowed and longer-lived than every model.
struct ModelEnvironment {
  asio::any_io_executor executor;
  HttpClient* http = nullptr;
  std::string models_dir;  ///< where `deed models install` puts files
  /// The value of an environment variable, or nullopt.
  std::function<std::optional<std::string>(std::string_view)> getenv;
  int threads = 0;  ///< for the embedded model; 0: one fewer than there are cores
  /// A folder in which the embedded model may keep what it has read of the tools (some 16 MB for a
  /// set of them, nothing of requests), so that the next process need not read it again; made if
  /// absent. Empty: nothing is kept.
  std::string cache_dir = {};
};

/// Opens a model by name: `local:NAME` or `local:/path.gguf`, `openai:NAME` (OPENAI_BASE_URL,
/// OPENAI_API_KEY), or `http(s)://host[:port][/v1]#NAME` of anything that speaks chat completions
/// (key: DEED_API_KEY or OPENAI_API_KEY, over https or to a loopback address only). Loading weights
/// may take seconds; it happens in the model's thread at the first `generate`, but a missing or
/// broken file is found here. errors  not_found: no such model or file, the hint says how to get
/// it. invalid: no such scheme. corrupt: a damaged file.
///         unsupported: this build has no embedded model
Result<std::unique_ptr<Model>> open_model(std::string name, const ModelEnvironment& environment);

}  // namespace deed
