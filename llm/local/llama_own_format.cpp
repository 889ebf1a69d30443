#include "deed/llm/local/llama_own_format.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/local/call_scope.hpp"
#include "deed/llm/remote/tool_names.hpp"
#include "deed/llm/transcript.hpp"

#include <algorithm>
#include <chrono>
#include <set>

namespace deed {
namespace {

constexpr std::int64_t least_reply_tokens = 64;
constexpr int tries = 3;

// What there is of a reply, told as far as it only grows.
class Telling {
 public:
  Telling(const ReplyFormat& format, const std::function<void(const StreamEvent&)>& tell) : format_(format), tell_(tell) {}

  void hear(std::string_view text) {
    // Reading takes longer, the longer the reply is.
    const auto now = std::chrono::steady_clock::now();
    if (!tell_ || now - last_ < std::chrono::milliseconds(50)) return;
    last_ = now;
    const WrittenReply reply = format_.read_begun(text);
    // More of a reply may show that its end was no text but a part of something else.
    if (reply.calls.empty()) grow(reply);
  }

  void finish(const WrittenReply& reply) {
    if (tell_) grow(reply);
  }

 private:
  void grow(const WrittenReply& reply) {
    if (reply.reasoning.size() > reasoning_.size() && reply.reasoning.starts_with(reasoning_)) {
      tell_(ReasoningDelta{reply.reasoning.substr(reasoning_.size())});
      reasoning_ = reply.reasoning;
    }
    if (reply.text.size() > text_.size() && reply.text.starts_with(text_)) {
      tell_(TextDelta{reply.text.substr(text_.size())});
      text_ = reply.text;
    }
  }

  const ReplyFormat& format_;
  const std::function<void(const StreamEvent&)>& tell_;
  std::string text_, reasoning_;
  std::chrono::steady_clock::time_point last_;
};

class Turn {
 public:
  Turn(LlamaEngine& engine, const ChatTemplate& format, const ModelRequest& request,
       const std::function<void(const StreamEvent&)>& tell)
      : engine_(engine), template_(format), request_(request), tell_(tell), names_(request.tools) {
    for (const Message& message : request.messages)
      for (const ToolCall& call : message.tool_calls) ids_.insert(call.id);
  }

  Result<Reply> run() {
    ChatSituation situation{.system = request_.system,
                            .messages = mended(request_.messages),
                            .tools = request_.tools,
                            .thinks = request_.effort != Effort::none};
    const bool answers_in_schema = request_.response_schema && request_.tools.empty();
    if (answers_in_schema) situation.response_schema = request_.response_schema;
    scope_ = scope_of(request_.tools, situation.messages, request_.tool_choice);
    situation.callable = scope_.callable;
    situation.must_call = request_.tool_choice.mode == ToolCalling::Mode::required || request_.tool_choice.mode == ToolCalling::Mode::named;
    situation.may_call_several = request_.parallel_tool_calls.value_or(true);
    if (situation.must_call && scope_.callable.empty()) return nothing_to_call();
    DEED_TRY(PreparedTurn turn, template_.prepare(situation));
    const Tokens prompt = engine_.prompt_tokens(turn.prompt);
    const std::int64_t room = engine_.context_size() - static_cast<std::int64_t>(prompt.size()) - 1;
    if (room < least_reply_tokens)
      return fail(ErrorKind::limit, "the conversation has " + std::to_string(prompt.size()) + " tokens, and the model's context " +
                                        std::to_string(engine_.context_size()));
    std::string fault;
    for (int n = 0; n < tries; ++n) {
      DEED_TRY(Reply reply, write(turn, prompt, room, n));
      fault = first_fault(reply);
      if (fault.empty()) return reply;
      if (tell_ && n + 1 < tries) tell_(ReplyRestarted{fault});
    }
    usage_.input = static_cast<std::int64_t>(prompt.size());
    Reply refusal{.text = "No call was made: " + fault + ".", .stop = StopReason::refused};
    refusal.usage = usage_;
    return refusal;
  }

 private:
  Result<Reply> nothing_to_call() const {
    Reply reply{.text = "None of the tools can be called: each needs an address, a place or an id that was not given.",
                .stop = StopReason::refused};
    if (tell_) tell_(TextDelta{reply.text});
    return reply;
  }

  Result<Reply> write(const PreparedTurn& turn, const Tokens& prompt, std::int64_t room, int attempt) {
    Telling telling(*turn.format, tell_);
    WriteOptions options{.max_tokens = std::clamp<std::int64_t>(request_.max_tokens, 1, room),
                         .temperature = request_.temperature.value_or(0.0),
                         .top_p = request_.top_p.value_or(1.0),
                         .seed = static_cast<std::uint64_t>(request_.seed.value_or(0)) + static_cast<std::uint64_t>(attempt),
                         .guide = &turn.guide,
                         .stops = request_.stop,
                         .on_text = [&](std::string_view text) { telling.hear(text); }};
    // The likeliest reply was wrong; it would be the same again.
    if (attempt > 0) options.temperature = std::max(options.temperature, 0.7);
    const TokenUsage before = engine_.usage();
    DEED_TRY(const Completion completion, engine_.write(prompt, options));
    DEED_TRY(const WrittenReply written, turn.format->read(completion.text, !completion.is_whole));
    telling.finish(written);
    Reply reply{.text = written.text, .reasoning = written.reasoning};
    if (!request_.tools.empty())
      reply.choices.push_back({.about = "format", .alternatives = {}, .chosen = "the model's own", .origin = "chat template"});
    if (!written.reasoning.empty()) reply.replay = {std::string(local_replay), {{"reasoning", written.reasoning}}};
    for (const WrittenCall& call : written.calls) take(call, completion.is_whole, reply);
    reply.stop = !completion.is_whole           ? StopReason::length
                 : !reply.tool_calls.empty() ? StopReason::tool_calls
                                             : StopReason::end;
    const std::int64_t thought = static_cast<std::int64_t>(written.reasoning.empty() ? 0 : engine_.tokenize(written.reasoning).size());
    usage_ += {.input = static_cast<std::int64_t>(prompt.size()),
               .cached = engine_.usage().cached - before.cached,
               .output = completion.tokens,
               .reasoning = thought};
    reply.usage = usage_;
    return reply;
  }

  void take(const WrittenCall& written, bool is_whole, Reply& reply) {
    ToolCall call{.id = new_id(), .name = names_.from_wire(written.name)};
    const auto arguments = parse_json(written.arguments.empty() ? "{}" : written.arguments);
    // A reply that was cut may end in the middle of the last one.
    if (!is_whole && (!arguments || !arguments->is_object())) return;
    if (arguments && arguments->is_object())
      call.arguments = *arguments;
    else
      reply.bad_arguments.emplace_back(call.id, written.arguments);
    reply.tool_calls.push_back(std::move(call));
  }

  std::string new_id() {
    for (std::size_t n = ids_.size() + 1;; ++n)
      if (std::string id = "call_" + std::to_string(n); ids_.insert(id).second) return id;
  }

  std::string first_fault(const Reply& reply) {
    for (const ToolCall& call : reply.tool_calls)
      if (auto fault = fault_of(call, scope_)) return *fault;
    if (tell_)
      for (const ToolCall& call : reply.tool_calls) tell_(ToolCallDelta{call.id, call.name, to_text(call.arguments)});
    return {};
  }

  LlamaEngine& engine_;
  const ChatTemplate& template_;
  const ModelRequest& request_;
  const std::function<void(const StreamEvent&)>& tell_;
  ToolNames names_;
  CallScope scope_;
  std::set<std::string> ids_;
  TokenUsage usage_;
};

}  // namespace

Result<Reply> reply_in_own_format(LlamaEngine& engine, const ChatTemplate& format, const ModelRequest& request,
                                  const std::function<void(const StreamEvent&)>& tell) {
  return Turn(engine, format, request, tell).run();
}

}  // namespace deed
