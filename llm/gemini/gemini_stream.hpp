// The answer to a generateContent request: chunks of a reply, as server-sent events, or as a JSON array of them, or one alone. The
// terminal marker is a candidate's finishReason, or the reason for which the prompt was blocked.
// Source: https://ai.google.dev/api/generate-content#generatecontentresponse
#pragma once

#include "deed/llm/remote/reply_reader.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace deed {

class GeminiStream final : public ReplyReader {
 public:
  /// replay_to  whom the signatures of the reply's parts belong to (Replay::provider). Its items tell in which parts the reply came:
  ///            {"type": "text", "bytes": N}, {"type": "call"} with the "id" that the call had, {"type": "part", "part"} of a signed
  ///            thought; each with its "thoughtSignature"
  explicit GeminiStream(Options options, std::string replay_to = {});

 private:
  Result<void> take(const Json& value, std::string_view event) override;
  Result<void> take_document(const Json& value) override;
  Result<void> end(Reply& reply) override;

  Result<void> take_candidate(const Json& candidate);
  Result<void> take_part(const Json& part);
  Result<void> take_call(const Json& call, const std::string& signature);
  void take_text(const std::string& text, const std::string& signature);
  Result<void> take_finish_reason(const std::string& reason, const std::string& message);
  void refuse(const std::string& why);
  void take_usage(const Json& usage);

  std::string replay_to_;
  std::size_t max_signature_bytes_, signature_bytes_ = 0;
  Json items_ = Json::array();
  std::int64_t calls_ = 0;
  bool has_candidate_ = false;
  StopReason stop_ = StopReason::end;
};

}  // namespace deed
