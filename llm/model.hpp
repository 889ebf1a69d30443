// A language model: a request in, one reply out, streamed on the way. One file per provider
// implements it.
#pragma once

#include "deed/core/async.hpp"
#include "deed/core/secrets.hpp"
#include "deed/llm/message.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace deed {

class HttpClient;

/// Whether the model may, must or must not call a tool.
struct ToolCalling {
  enum class Mode { automatic, none, required, named };
  Mode mode = Mode::automatic;
  std::string name = {};  ///< with Mode::named

  bool operator==(const ToolCalling&) const = default;
};

/// How much a reasoning model is to think before it speaks. Models that do not reason pay no heed.
enum class Effort { as_it_likes, none, low, medium, high };
const char* to_string(Effort effort);
/// "", "none", "low", "medium", "high"; nullopt: none of these.
std::optional<Effort> parse_effort(std::string_view name);

struct ModelRequest {
  std::string system = {};
  Transcript messages;
  ToolList tools = {};
  ToolCalling tool_choice = {};
  std::optional<bool> parallel_tool_calls = {};  ///< absent: as the provider does by itself
  std::optional<Json> response_schema = {};  ///< the text must be JSON of this schema
  std::int64_t max_tokens = 2048;            ///< of the reply
  std::optional<double> temperature = {};
  std::optional<double> top_p = {};
  std::optional<std::int64_t> seed = {};  ///< where the provider has one
  std::vector<std::string> stop = {};     ///< texts at which the reply ends
  Effort effort = Effort::as_it_likes;
  bool stream = true;                     ///< false: the reply comes as one document, for servers that cannot stream
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
/// What was streamed of this reply so far is void: it broke off and is asked for again.
struct ReplyRestarted {
  std::string why;
};
using StreamEvent = std::variant<TextDelta, ReasoningDelta, ToolCallDelta, ReplyRestarted>;

/// Called on the loop thread as pieces arrive. May be empty.
using StreamSink = std::function<void(const StreamEvent&)>;

struct ModelInfo {
  std::string name;                 ///< as the user gave it: "local:smollm2"
  std::int64_t context_window = 0;  ///< tokens, prompt and reply together; 0: the model sees to it itself that what it reads fits
  double usd_per_million_input = 0;
  double usd_per_million_output = 0;
  std::optional<double> usd_per_million_cached = {};       ///< of input that was read from a cache; absent: as other input
  std::optional<double> usd_per_million_cache_write = {};  ///< of input that was put into one; absent: as other input
  bool takes_images = false, takes_audio = false, takes_documents = false;  ///< documents: PDF
};

class Model {
 public:
  virtual ~Model() = default;

  virtual const ModelInfo& info() const = 0;

  /// How many tokens `text` is; an estimate from above where the provider does not say. Any thread.
  virtual std::int64_t count_tokens(std::string_view text) const = 0;

  /// One reply. A stream that ends without its terminal marker is an error, never a short reply.
  /// errors  unavailable: may be asked again; timeout; limit: the prompt does not fit; denied: the key or
  /// the account's quota;
  ///         corrupt: the answer is not what the API promises; cancelled
  virtual Async<Reply> generate(ModelRequest request, StreamSink sink) = 0;
};

/// How a model in this process is asked to call tools.
enum class ToolFormat {
  automatic,  ///< trained where the model's chat template has a form for tools, else planner
  trained,    ///< in that form, held to the tools' schemas and to texts that may be copied
  planner,    ///< it chooses and fills one call by likelihood, whatever it was trained for
};
const char* to_string(ToolFormat format);
/// "auto", "trained", "planner"; nullopt: none of these.
std::optional<ToolFormat> parse_tool_format(std::string_view name);

/// What is known of the models whose name begins with `prefix`.
struct ModelRow {
  std::string prefix;
  std::int64_t context_window = 0;  ///< 0: not known
  double usd_per_million_input = 0;
  std::optional<double> usd_per_million_cached = {}, usd_per_million_cache_write = {};
  double usd_per_million_output = 0;
  bool takes_images = false, takes_audio = false, takes_documents = false;
  ToolFormat tools = ToolFormat::automatic;  ///< of local models; `prefix` is the beginning of "local:NAME" then
};

/// What the user set for one provider, beside the environment's variables, which go first.
struct ProviderSettings {
  std::string base_url = {};
  Secret key = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< sent with every request
  /// Values among them that are secret: they go where a key may go, and nowhere else.
  std::vector<Secret> secrets = {};
  std::chrono::milliseconds idle_timeout{0};  ///< no byte for so long ends a request, and it is made again; 0: RemoteModelOptions' default
  bool stream = true;                         ///< false: for servers that cannot
};

/// What the providers need of the world; borrowed and longer-lived than every model.
struct ModelEnvironment {
  asio::any_io_executor executor;
  HttpClient* http = nullptr;
  std::string models_dir;  ///< where `deed models install` puts files
  /// The value of an environment variable, or nullopt.
  std::function<std::optional<std::string>(std::string_view)> getenv;
  std::map<std::string, ProviderSettings, std::less<>> providers = {};  ///< by scheme: "anthropic"
  std::vector<ModelRow> models = {};                                    ///< the user's own
  int threads = 0;  ///< for the embedded model; 0: one fewer than there are cores
  /// A folder in which the embedded model may keep what it has read of the tools (some 16 MB for a
  /// set of them, nothing of requests), so that the next process need not read it again; made if
  /// absent. Empty: nothing is kept.
  std::string cache_dir = {};
};

/// Opens a model by name: `local:NAME` or `local:/path.gguf`, `openai:NAME`, `anthropic:NAME`, … (docs/models.md), or
/// `http(s)://host[:port][/v1]#NAME` of anything that speaks chat completions (key: DEED_API_KEY or OPENAI_API_KEY). Keys go over
/// https or to a loopback address only. Several names, separated by commas, are a fallback chain (fallback.hpp). Loading weights
/// may take seconds; it happens in the model's thread at the first `generate`, but a missing or
/// broken file is found here. errors  not_found: no such model or file, the hint says how to get
/// it. invalid: no such scheme. corrupt: a damaged file.
///         unsupported: this build has no embedded model
Result<std::unique_ptr<Model>> open_model(std::string name, const ModelEnvironment& environment);

}  // namespace deed
