// What Gemini's generateContent is asked: the bytes of a request's body. The model's name is part of the address.
// Source: https://ai.google.dev/api/generate-content
#pragma once

#include "deed/llm/gemini/gemini_traits.hpp"
#include "deed/llm/model.hpp"

#include <string>
#include <vector>

namespace deed {

struct GeminiWireOptions {
  std::string model;           ///< what it takes is known by its name (gemini_traits)
  std::string replay_to = {};  ///< whose signatures may be sent back (Replay::provider)
};

/// The body: one JSON object. Pure; bytes that are not UTF-8 become U+FFFD. `messages` are as `mended` leaves them. Whether calls may be
/// parallel cannot be said to this API.
std::string to_gemini_wire(const ModelRequest& request, const GeminiWireOptions& options);

/// Writes the bodies of one conversation after another; messages that it has written before are not written again. Gives what `to_gemini_wire`
/// gives.
class GeminiWire {
 public:
  explicit GeminiWire(GeminiWireOptions options) : options_(std::move(options)), traits_(gemini_traits(options_.model)) {}

  std::string write(const ModelRequest& request);

 private:
  struct Piece {
    std::string parts;  // of the message, separated by commas
    std::string shown;  // of a result: what follows all results of the turn
  };

  void write_pieces(const Transcript& messages);
  Piece write_piece(std::size_t i) const;
  std::string contents() const;
  std::string system_of(const ModelRequest& request) const;
  Json generation_config(const ModelRequest& request) const;
  bool takes_schema(const ModelRequest& request) const { return request.response_schema && (traits_.is_third || request.tools.empty()); }

  GeminiWireOptions options_;
  GeminiTraits traits_;
  Transcript messages_;
  std::size_t turn_begin_ = 0;  // where the user spoke last
  std::vector<Piece> pieces_;   // of messages_
};

}  // namespace deed
