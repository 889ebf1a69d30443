// Conversations that nobody would have, for properties that every provider's wire must have.
#pragma once

#include "deed/llm/transcript.hpp"

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace deed {

class RandomTranscripts {
 public:
  /// `items` are what an assistant message may have to replay, of "me" or of another.
  RandomTranscripts(unsigned seed, std::vector<Json> items) : random_(seed), items_(std::move(items)) {}

  /// As `mended` leaves it.
  Transcript next() {
    std::vector<Message> messages;
    for (std::size_t n = below(12); n > 0; --n) messages.push_back(message());
    return mended(Transcript(std::move(messages)));
  }

 private:
  std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_); }

  std::string text() {
    static const std::vector<std::string> texts = {"", " \n", "Hello", "Zoë €", "\xFF\xC3(", std::string("\0\x1b", 2), "\"quoted\"", "a.b/c"};
    return texts[below(texts.size())];
  }

  Message message() {
    Message out{.role = static_cast<Role>(below(3)), .text = text()};
    if (out.role == Role::assistant) {
      for (std::size_t n = below(4); n > 0; --n) out.tool_calls.push_back({text(), below(2) ? "http.get" : text(), {{"a", 1}}});
      if (below(2)) out.replay = {below(2) ? "me" : "other", items_[below(items_.size())]};
      return out;
    }
    if (below(4) == 0) out.media.push_back({below(2) ? "image/png" : "audio/wav", text(), std::make_shared<const std::string>("bytes")});
    if (out.role == Role::tool) {
      out.tool_call_id = text(), out.tool_name = text();
      out.is_error = below(2) == 0;
    }
    return out;
  }

  std::mt19937 random_;
  std::vector<Json> items_;
};

}  // namespace deed
