// The chat template of a model file: how a conversation with tools is written for the model, which grammar its calls follow, and
// how its reply is read. llama.cpp's `common` knows the formats that models were trained in (it runs the template and learns from
// what comes out how a call looks); here are its borders: values in, values out, no exception, limits for a template that
// somebody made. Source: common/chat.h of llama.cpp
#pragma once

#include "deed/core/result.hpp"
#include "deed/llm/model.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// Whose `Replay` holds the reasoning of a local model: {"reasoning": text}.
inline constexpr std::string_view local_replay = "local";

/// What of a model file says how it chats.
struct ChatSource {
  std::string jinja;     ///< the template for tools if the file has one, else the template
  std::string bos, eos;  ///< the texts of these tokens; may be empty
  std::vector<std::string> control_texts = {};  ///< of all control tokens
};

/// A piece of a prompt. Where it is said by somebody it is tokenized as plain words, although it spells a control token.
struct PromptPart {
  std::string text;
  bool is_said = false;

  bool operator==(const PromptPart&) const = default;
};

/// What the next reply is to be.
struct ChatSituation {
  std::string system = {};
  Transcript messages = {};  ///< as `mended` leaves them
  ToolList tools = {};       ///< as the prompt shows them: the same in each step, so that what was read of it can be kept
  ToolList callable = {};    ///< those of them that may be called now, with what their arguments may be
  bool must_call = false;
  bool may_call_several = false;
  std::optional<Json> response_schema = {};  ///< the reply is JSON of it; none of the tools is called then
  bool thinks = true;                        ///< where the model can be told
};

/// What the model may write.
struct ReplyGuide {
  std::string grammar = {};                 ///< GBNF, its root is "root"; empty: anything
  std::vector<std::string> triggers = {};   ///< regular expressions; the grammar holds from where one is found. None: always
  std::string begun = {};                   ///< what of the reply stands at the end of the prompt already
  std::string thinking_begin = {};          ///< "<think>"; empty: does not think
  std::vector<std::string> thinking_ends = {};
  std::vector<std::string> stops = {};      ///< texts that end a reply
};

struct WrittenCall {
  std::string name;       ///< as the model wrote it
  std::string arguments;  ///< JSON, if it is whole

  bool operator==(const WrittenCall&) const = default;
};

struct WrittenReply {
  std::string text, reasoning;
  std::vector<WrittenCall> calls;

  bool operator==(const WrittenReply&) const = default;
};

/// Reads what a model wrote behind one prompt.
class ReplyFormat {
 public:
  virtual ~ReplyFormat() = default;

  /// What there is so far of a reply that goes on; its last call may be a part of one. Never fails: what cannot be read is not there.
  virtual WrittenReply read_begun(std::string_view text) const = 0;

  /// The whole reply. One that was cut, and does not happen to be whole, keeps what stands before its last call, and that call is
  /// left out; one that ended by itself in another form than the model was trained in is words.
  /// errors  corrupt: nests deeper than any format does
  virtual Result<WrittenReply> read(std::string_view text, bool is_cut) const = 0;
};

struct PreparedTurn {
  std::vector<PromptPart> prompt;
  ReplyGuide guide;
  std::unique_ptr<ReplyFormat> format;
};

/// One thread at a time.
class ChatTemplate {
 public:
  /// Templates that are larger are refused.
  static constexpr std::size_t max_bytes = 128u << 10;

  virtual ~ChatTemplate() = default;

  /// Runs the template on a few invented conversations, some milliseconds.
  /// errors  unsupported: no template as llama.cpp reads them, or one that nests too deep. limit: too large, or asks for too much work
  static Result<std::unique_ptr<ChatTemplate>> read(ChatSource source);

  /// The model was trained to be told of tools and to call them.
  virtual bool has_tools() const = 0;
  virtual bool has_parallel_calls() const = 0;

  /// errors  as `read`; unsupported also: the template refuses the conversation
  virtual Result<PreparedTurn> prepare(const ChatSituation& situation) const = 0;
};

}  // namespace deed
