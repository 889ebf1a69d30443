// Bodies of replies that no server would send, to the readers of all wire formats. The first byte chooses the format and the content
// type, the second where the body is cut. Whatever comes: no crash, no undefined behaviour, a limit on memory, and the same end whether
// the body came whole or in pieces; and what was not complete is never a reply.
#include "deed/llm/anthropic/anthropic_format.hpp"
#include "deed/llm/chat/chat_format.hpp"
#include "deed/llm/gemini/gemini_format.hpp"
#include "deed/llm/ollama/open_ollama.hpp"
#include "deed/llm/responses/responses_format.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace deed {
namespace {

using Make = std::unique_ptr<WireFormat> (*)();
constexpr std::array<Make, 5> formats = {
    [] { return make_chat_format({.model = "m", .replay_to = "r"}); },
    [] { return make_responses_format({.model = "gpt-5", .replay_to = "r"}); },
    [] { return make_anthropic_format({.model = "claude-sonnet-4-5", .replay_to = "r"}); },
    [] { return make_gemini_format({.model = "gemini-2.5-pro", .replay_to = "r"}); },
    [] { return make_ollama_format({.model = "m", .replay_to = "r"}); },
};
constexpr std::array<std::string_view, 3> types = {"text/event-stream", "application/json", "text/html"};

Result<Reply> read(const WireFormat& format, std::string_view type, std::string_view body, std::size_t piece) {
  ReplyReader::Options options{.endpoint = {.where = "http://test"}};
  options.max_event_bytes = 1u << 16;
  options.max_reply_bytes = 1u << 18;
  const auto reader = format.reader(std::move(options));
  for (std::size_t i = 0; i < body.size(); i += piece) {
    const auto events = reader->feed(body.substr(i, piece));
    if (!events) return fail(events.error());
  }
  Result<Reply> reply = reader->finish(type);
  if (reply && !reader->is_complete()) std::abort();
  return reply;
}

void check(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return;
  const auto format = formats[data[0] % formats.size()]();
  const std::string_view type = types[data[0] / formats.size() % types.size()];
  const std::string_view body(reinterpret_cast<const char*>(data + 2), size - 2);
  const Result<Reply> whole = read(*format, type, body, body.size() + 1), pieces = read(*format, type, body, data[1] % 61 + 1);
  if (whole.has_value() != pieces.has_value()) std::abort();
  if (!whole) return;
  if (whole->text != pieces->text || whole->reasoning != pieces->reasoning || whole->tool_calls != pieces->tool_calls) std::abort();
}

}  // namespace
}  // namespace deed

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  deed::check(data, size);
  return 0;
}
