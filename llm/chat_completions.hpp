// A model behind a server that speaks OpenAI's chat completions: OpenAI itself, llama-server, vLLM,
// Ollama, DeepSeek and many more. The wire format is in chat_wire and chat_stream; this is the thin
// part that sends, waits and asks again. Source:
// https://platform.openai.com/docs/api-reference/chat
#pragma once

#include "deed/core/checked.hpp"
#include "deed/core/clock.hpp"
#include "deed/core/secrets.hpp"
#include "deed/llm/model.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace deed {

/// When a request is made again: exponential, with jitter, and as the server says (Retry-After).
struct RetryOptions {
  int max_tries = 3;
  std::chrono::milliseconds first_wait{500};  ///< doubled for each further try, times 0.5 to 1.5
  std::chrono::milliseconds longest_wait{
      60'000};  ///< a server that asks for more is not asked again
  /// Waits; empty: a timer of the executor that awaits it. An error (cancelled) ends the request.
  std::function<Async<void>(std::chrono::milliseconds)> wait = {};
  /// A number from 0 to 1; empty: random.
  std::function<double()> random = {};
  const Clock* clock = &system_clock();  ///< for a Retry-After that is a date; borrowed
};

struct ChatCompletionsOptions {
  HttpUrl url;        ///< of the completions: "https://api.openai.com/v1/chat/completions"
  std::string model;  ///< as the server names it
  /// Sent as a bearer token over https, and over http to a loopback address; never elsewhere, and
  /// in no Error.
  Secret key = {};
  ModelInfo info;
  std::string max_tokens_key = "max_tokens";  ///< see ChatWireOptions
  /// No byte for so long ends the request. Long, because a server without a graphics card reads a
  /// long prompt in silence.
  std::chrono::milliseconds idle_timeout{180'000};
  RetryOptions retry = {};
};

/// `http` is borrowed and outlives the model. A request that failed before its first delta was
/// given to the sink is made again where that can help; later never, since a sink cannot take back
/// what it was told. errors  invalid: the key has control characters
Result<std::unique_ptr<Model>> make_chat_completions(ChatCompletionsOptions options,
                                                     HttpClient& http);

}  // namespace deed
