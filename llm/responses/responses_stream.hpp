// The answer of OpenAI's Responses API. The terminal marker is response.completed, .incomplete or .failed, or the end of a whole JSON
// document. The final response is the truth about what it holds; what it leaves out was streamed.
// Source: https://platform.openai.com/docs/api-reference/responses-streaming,
// https://platform.openai.com/docs/api-reference/responses/object
#pragma once

#include "deed/llm/remote/reply_reader.hpp"
#include "deed/llm/responses/heard_texts.hpp"
#include "deed/llm/responses/response_calls.hpp"

#include <string>
#include <string_view>

namespace deed {

class ResponsesStream final : public ReplyReader {
 public:
  /// replay_to  whom the reasoning items of the reply belong to (Replay::provider)
  explicit ResponsesStream(Options options, std::string replay_to = {});

 private:
  Result<void> take(const Json& value, std::string_view event) override;
  bool take_word(std::string_view word) override { return word == "[DONE]"; }
  Result<void> take_document(const Json& value) override;
  Result<void> end(Reply& reply) override;

  Result<void> take_item_added(const Json& event);
  Result<void> take_item_done(const Json& event);
  Result<void> take_part_done(const Json& event);
  Result<void> take_text_piece(const Json& event);
  Result<void> take_text(const Json& event);
  Result<void> take_refusal_piece(const Json& event);
  Result<void> take_refusal(const Json& event);
  Result<void> take_reasoning_piece(const Json& event);
  Result<void> take_reasoning(const Json& event);
  Result<void> take_arguments_piece(const Json& event);
  Result<void> take_arguments(const Json& event);
  Result<void> take_completed(const Json& event) { return take_final(member(event, "response"), "completed"); }
  Result<void> take_incomplete(const Json& event) { return take_final(member(event, "response"), "incomplete"); }
  Result<void> take_failed(const Json& event) { return take_final(member(event, "response"), "failed"); }

  Result<void> take_final(const Json& response, std::string status);
  Result<void> take_output(const Json& output);
  Result<void> take_incomplete_reason(const Json& response);
  Result<void> take_entry(Result<Json> entry);
  void take_part(const std::string& place, const Json& part);
  void take_reasoning_item(const std::string& place, const Json& item);
  void keep_reasoning(Json& items, const Json& item) const;
  void take_usage(const Json& usage);
  Unexpected failure(const Json& error) const;

  std::string replay_to_;
  ResponseCalls calls_;
  HeardTexts texts_, thoughts_;
  std::string final_text_;  // of the messages of the final response
  bool has_item_ = false, is_refused_ = false, is_cut_ = false, is_done_ = false;
  Json reasoning_ = Json::array();        // items as they came with output_item.done
  Json final_reasoning_ = Json::array();  // those of the final response
};

}  // namespace deed
