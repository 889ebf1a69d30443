// Replies in the model's own format, held to a grammar token by token. Source: src/llama-grammar.h and common/sampling.cpp of
// llama.cpp, which starts a grammar the same way
#include "deed/core/text.hpp"
#include "deed/llm/local/llama_engine.hpp"

#include <llama.h>

#include <algorithm>
#include <cmath>
#include <exception>

namespace deed {
namespace {

struct SamplerDeleter {
  void operator()(llama_sampler* sampler) const { llama_sampler_free(sampler); }
};
using SamplerPtr = std::unique_ptr<llama_sampler, SamplerDeleter>;

// The grammar of one reply, and how far the reply has come in it. llama.cpp throws where a grammar and a text do not meet.
class Grammar {
 public:
  Result<void> open(const llama_vocab& vocabulary, const ReplyGuide& guide) {
    is_lazy_ = !guide.triggers.empty();
    thinking_ends_ = guide.thinking_ends;
    thinking_begin_ = thinking_ends_.empty() ? std::string() : guide.thinking_begin;
    follow_thinking(guide.begun);
    thought_ = 0;
    if (guide.grammar.empty()) return {};
    std::vector<const char*> triggers;
    for (const std::string& trigger : guide.triggers) triggers.push_back(trigger.c_str());
    try {
      sampler_.reset(is_lazy_ ? llama_sampler_init_grammar_lazy_patterns(&vocabulary, guide.grammar.c_str(), "root", triggers.data(),
                                                                         triggers.size(), nullptr, 0)
                              : llama_sampler_init_grammar(&vocabulary, guide.grammar.c_str(), "root"));
      if (!sampler_) return fail(ErrorKind::unsupported, "llama.cpp cannot read the grammar of the model's calls");
      // The grammar of a whole reply begins with what the prompt ends with.
      if (!is_lazy_) accept_begun(vocabulary, guide.begun);
    } catch (const std::exception& error) {
      return fail(ErrorKind::unsupported, std::string("the grammar of the model's calls cannot be used: ") + error.what());
    }
    return {};
  }

  bool allows(std::int32_t token) const {
    if (!holds()) return true;
    llama_token_data one{token, 0.0F, 0.0F};
    llama_token_data_array array{&one, 1, -1, false};
    llama_sampler_apply(sampler_.get(), &array);
    return std::isfinite(one.logit);
  }

  // Makes impossible what may not stand next; false: nothing may.
  bool restrict(std::vector<float>& logits) const {
    std::vector<llama_token_data> all(logits.size());
    for (std::size_t i = 0; i < logits.size(); ++i) all[i] = {static_cast<std::int32_t>(i), logits[i], 0.0F};
    llama_token_data_array array{all.data(), all.size(), -1, false};
    llama_sampler_apply(sampler_.get(), &array);
    bool is_any = false;
    for (const llama_token_data& one : all) {
      logits[static_cast<std::size_t>(one.id)] = one.logit;
      is_any = is_any || std::isfinite(one.logit);
    }
    return is_any;
  }

  // `text` is all that was written, the token's own at its end.
  Result<void> accept(std::int32_t token, std::string_view text) {
    const bool did_hold = holds();
    if (is_lazy_) follow_thinking(text);
    if (!did_hold) return {};
    try {
      llama_sampler_accept(sampler_.get(), token);
    } catch (const std::exception& error) {
      return fail(ErrorKind::internal, std::string("the reply left its grammar: ") + error.what());
    }
    return {};
  }

 private:
  // A call that is thought about is not made.
  bool holds() const { return sampler_ && !(is_lazy_ && is_thinking_); }

  void accept_begun(const llama_vocab& vocabulary, const std::string& begun) {
    const Tokens tokens = tokenize(vocabulary, begun, true);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      char first = '\0';
      char piece[64];
      if (llama_token_to_piece(&vocabulary, tokens[i], piece, sizeof piece, 0, true) > 0) first = piece[0];
      // Some vocabularies put a blank before all that they read.
      if (i == 0 && first == ' ' && begun[0] != ' ') continue;
      llama_sampler_accept(sampler_.get(), tokens[i]);
    }
  }

  void follow_thinking(std::string_view text) {
    if (thinking_begin_.empty()) return;
    const std::size_t begin = text.rfind(thinking_begin_);
    if (!is_thinking_ && begin != text.npos && begin >= thought_) is_thinking_ = true;
    if (!is_thinking_) return;
    for (const std::string& end : thinking_ends_)
      if (const std::size_t at = text.rfind(end); at != text.npos && (begin == text.npos || at > begin)) {
        is_thinking_ = false;
        thought_ = at;
        return;
      }
  }

  SamplerPtr sampler_;
  bool is_lazy_ = false, is_thinking_ = false;
  std::string thinking_begin_;
  std::vector<std::string> thinking_ends_;
  std::size_t thought_ = 0;  // where the last thought ended
};

std::size_t first_stop(std::string_view text, std::size_t from, const std::vector<std::string>& stops) {
  std::size_t first = text.npos;
  for (const std::string& stop : stops)
    if (!stop.empty()) first = std::min(first, text.find(stop, from > stop.size() ? from - stop.size() : 0));
  return first;
}

}  // namespace

std::string LlamaEngine::text_of(std::int32_t token) const {
  std::string text(256, '\0');
  int size = llama_token_to_piece(vocabulary_, token, text.data(), static_cast<int>(text.size()), 0, true);
  if (size < 0) {
    text.resize(static_cast<std::size_t>(-size));
    size = llama_token_to_piece(vocabulary_, token, text.data(), static_cast<int>(text.size()), 0, true);
  }
  text.resize(static_cast<std::size_t>(std::max(size, 0)));
  return text;
}

ChatSource LlamaEngine::chat_source() const {
  ChatSource source;
  for (const char* name : {static_cast<const char*>("tool_use"), static_cast<const char*>(nullptr)})
    if (const char* text = llama_model_chat_template(model_.get(), name); text != nullptr && source.jinja.empty()) source.jinja = text;
  const auto text_or_none = [&](std::int32_t token) { return token == LLAMA_TOKEN_NULL ? std::string() : text_of(token); };
  source.bos = text_or_none(llama_vocab_bos(vocabulary_));
  source.eos = text_or_none(llama_vocab_eos(vocabulary_));
  for (std::int32_t token = 0; token < vocabulary_size_; ++token)
    if (llama_vocab_is_control(vocabulary_, token)) source.control_texts.push_back(text_of(token));
  return source;
}

Tokens LlamaEngine::prompt_tokens(const std::vector<PromptPart>& parts) const {
  Tokens tokens;
  for (const PromptPart& part : parts) {
    const Tokens more = deed::tokenize(*vocabulary_, part.text, !part.is_said);
    tokens.insert(tokens.end(), more.begin(), more.end());
  }
  // A template may write the first token out itself.
  const std::int32_t first = llama_vocab_bos(vocabulary_);
  if (llama_vocab_get_add_bos(vocabulary_) && first != LLAMA_TOKEN_NULL && (tokens.empty() || tokens[0] != first))
    tokens.insert(tokens.begin(), first);
  return tokens;
}

Result<Completion> LlamaEngine::write(const Tokens& prompt, const WriteOptions& options) {
  static const ReplyGuide free;
  const ReplyGuide& guide = options.guide != nullptr ? *options.guide : free;
  Grammar grammar;
  DEED_OK(grammar.open(*vocabulary_, guide));
  std::vector<std::string> stops = options.stops;
  stops.insert(stops.end(), guide.stops.begin(), guide.stops.end());
  DEED_TRY(const std::size_t slot, hold_prefix(prompt));
  std::mt19937_64 random(options.seed);
  const CompleteOptions sampling{.temperature = options.temperature, .top_p = options.top_p};
  Completion result;
  while (result.tokens < options.max_tokens) {
    if (stop_.is_raised()) return fail(stopped(2));
    std::int32_t token = sample(prefixes_[slot].logits, {}, sampling, random);
    if (!grammar.allows(token)) {
      std::vector<float> logits = prefixes_[slot].logits;
      if (!grammar.restrict(logits)) return fail(ErrorKind::internal, "the grammar of the reply allows no token of this model");
      token = sample(logits, {}, sampling, random);
    }
    if (llama_vocab_is_eog(vocabulary_, token)) {
      result.is_whole = true;
      break;
    }
    const std::size_t before = result.text.size();
    result.text += text_of(token);
    ++result.tokens, ++usage_.output;
    if (const std::size_t stop = first_stop(result.text, before, stops); stop != std::string::npos) {
      result.text.resize(stop);
      result.is_whole = true;
      break;
    }
    DEED_OK(grammar.accept(token, result.text));
    if (options.on_text && is_utf8(result.text)) options.on_text(result.text);
    if (prefixes_[slot].tokens.size() + 1 > static_cast<std::size_t>(context_size_)) break;
    DEED_OK(extend(slot, &token, 1));
  }
  result.text = to_utf8(result.text);
  return result;
}

}  // namespace deed
