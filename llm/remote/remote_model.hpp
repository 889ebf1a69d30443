// A model behind a server: sends what a wire format writes, gives the reader what comes, waits, and asks again as the official clients
// do. Source: https://github.com/openai/openai-python, _base_client.py (which statuses, which headers)
#pragma once

#include "deed/core/checked.hpp"
#include "deed/core/clock.hpp"
#include "deed/core/secrets.hpp"
#include "deed/llm/model.hpp"
#include "deed/llm/remote/wire_format.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace deed {

/// When a request is made again: exponential, with jitter, and as the server says (Retry-After, x-should-retry).
struct RetryOptions {
  int max_tries = 3;
  std::chrono::milliseconds first_wait{500};  ///< doubled for each further try, times 0.75 to 1.25: each wait is longer than the one before
  std::chrono::milliseconds longest_wait{60'000};  ///< a server that asks for more is not asked again
  /// Waits; empty: a timer of the executor that awaits it. An error (cancelled) ends the request.
  std::function<Async<void>(std::chrono::milliseconds)> wait = {};
  /// A number from 0 to 1; empty: random.
  std::function<double()> random = {};
  const Clock* clock = &system_clock();  ///< for a Retry-After that is a date; borrowed
};

/// Where the key goes: "Authorization: Bearer KEY", "x-api-key: KEY", "x-goog-api-key: KEY".
struct KeyHeader {
  std::string name = "Authorization";
  std::string prefix = "Bearer ";
};

struct RemoteModelOptions {
  HttpUrl url;        ///< that requests are posted to: "https://api.openai.com/v1/chat/completions"
  std::string model;  ///< as the server names it; told as the reply's model where the server does not
  /// Sent over https, and over http to a loopback address; never elsewhere, and in no Error.
  Secret key = {};
  KeyHeader key_header = {};
  HttpHeaders headers = {};          ///< the user's own, on top of the wire format's
  std::vector<Secret> secrets = {};  ///< values among them that go where the key goes, never elsewhere, and stand in no Error
  ModelInfo info;
  /// No byte for so long ends the request. Long, because a server without a graphics card reads a long prompt in silence.
  std::chrono::milliseconds idle_timeout{180'000};
  bool stream = true;  ///< false: requests are made with ModelRequest::stream off
  RetryOptions retry = {};
};

/// `http` is borrowed and outlives the model. A reply that breaks off in the middle is asked for again; the sink is told so
/// (ReplyRestarted) if it had heard some of it.
/// errors  invalid: the key has control characters
Result<std::unique_ptr<Model>> make_remote_model(RemoteModelOptions options, std::unique_ptr<WireFormat> format, HttpClient& http);

}  // namespace deed
