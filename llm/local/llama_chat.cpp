#include "deed/llm/local/llama_chat.hpp"

#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/remote/tool_names.hpp"

#include <chat-peg-parser.h>
#include <chat.h>
#include <jinja/lexer.h>
#include <json-schema-to-grammar.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>

namespace deed {
namespace {

// Real templates take some hundred thousand units for a long conversation, and nest some twenty nodes.
constexpr std::int64_t allowed_units = 32'000'000;
constexpr int allowed_depth = 400;
constexpr std::size_t allowed_brackets = 64, allowed_blocks = 64, allowed_tokens_of_expression = 2048;
// More than this in a reply is no call of any tool.
constexpr int allowed_reply_depth = 128;

// What one call into the template may use up; what was allowed before is put back.
class Allowance {
 public:
  Allowance() { jinja::allowance::current() = {allowed_units, allowed_depth}; }
  Allowance(const Allowance&) = delete;
  Allowance& operator=(const Allowance&) = delete;
  ~Allowance() { jinja::allowance::current() = before_; }

 private:
  jinja::allowance before_ = jinja::allowance::current();
};

// llama.cpp's complaint without the template's source around it.
std::string template_complaint(std::string_view what) {
  if (const std::size_t at = what.rfind("Error: "); at != what.npos) what = what.substr(at + 7);
  return escaped(utf8_prefix(trim(what), 300));
}

template <class F>
auto guarded(F&& work) -> decltype(work()) {
  const Allowance allowance;
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return fail(ErrorKind::limit, "the model's chat template asks for too much memory");
  } catch (const std::exception& error) {
    const bool is_greedy = jinja::allowance::current().units < 0;
    return fail(is_greedy ? ErrorKind::limit : ErrorKind::unsupported,
                "the model's chat template cannot be used: " + template_complaint(error.what()));
  }
}

Unexpected too_deep() { return fail(ErrorKind::unsupported, "the model's chat template nests too deep"); }

// llama.cpp's parser and what it makes are recursive; the words that they are made of are not.
Result<void> check_nesting(const std::vector<jinja::token>& tokens) {
  using jinja::token;
  std::size_t brackets = 0, blocks = 0, length = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    switch (tokens[i].t) {
      case token::open_paren:
      case token::open_square_bracket:
      case token::open_curly_bracket:
        if (++brackets > allowed_brackets) return too_deep();
        break;
      case token::close_paren:
      case token::close_square_bracket:
      case token::close_curly_bracket:
        if (brackets > 0) --brackets;
        break;
      case token::open_expression:
      case token::open_statement:
        length = 0;
        if (tokens[i].t == token::open_statement && i + 1 < tokens.size()) {
          const std::string& word = tokens[i + 1].value;
          const bool opens = word == "if" || word == "for" || word == "macro" || word == "call" || word == "filter";
          // A chain of these nests as well.
          if ((opens || word == "elif") && ++blocks > (word == "elif" ? 16 : 1) * allowed_blocks) return too_deep();
          if (word.starts_with("end") && blocks > 0 && word != "endset") --blocks;
        }
        break;
      default:
        break;
    }
    if (++length > allowed_tokens_of_expression) return too_deep();
  }
  return {};
}

// Brackets that are open at a time, wherever they stand.
bool nests_too_deep(std::string_view text) {
  int depth = 0;
  for (const char c : text) {
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && depth > 0) --depth;
    if (depth > allowed_reply_depth) return true;
  }
  return false;
}

class PegFormat final : public ReplyFormat {
 public:
  explicit PegFormat(const common_chat_params& params) : format_(params.format), begun_(params.generation_prompt) {
    if (!params.parser.empty()) arena_.load(params.parser);
  }

  WrittenReply read_begun(std::string_view text) const override {
    if (nests_too_deep(text)) return {};
    return parse(text, true).value_or(WrittenReply());
  }

  Result<WrittenReply> read(std::string_view text, bool is_cut) const override {
    if (nests_too_deep(text)) return fail(ErrorKind::corrupt, "the model's reply nests too deep");
    if (auto whole = parse(text, false)) return *std::move(whole);
    // Formats that end with any words are never whole by themselves.
    std::optional<WrittenReply> begun = parse(text, true);
    if (begun && !begun->calls.empty()) begun->calls.pop_back();
    const bool is_nothing = begun && begun->text.empty() && begun->reasoning.empty();
    // Ended by itself, and in no form that is known: words.
    if (!begun || (is_nothing && !is_cut)) return WrittenReply{.text = std::string(text), .reasoning = {}, .calls = {}};
    return *std::move(begun);
  }

 private:
  // nullopt: it does not fit. Where it `goes_on`, the end of the text may be the middle of anything.
  std::optional<WrittenReply> parse(std::string_view text, bool goes_on) const {
    if (arena_.empty()) return WrittenReply{.text = std::string(text), .reasoning = {}, .calls = {}};
    try {
      common_peg_parse_context context(begun_ + std::string(text),
                                       goes_on ? COMMON_PEG_PARSE_FLAG_LENIENT : COMMON_PEG_PARSE_FLAG_NONE);
      const common_peg_parse_result result = arena_.parse(context);
      if (goes_on ? result.fail() : !result.success() || result.end < context.input.size())
        return std::nullopt;
      common_chat_msg message;
      mapper_for(message)->from_ast(context.ast, result);
      WrittenReply reply{.text = message.content, .reasoning = message.reasoning_content, .calls = {}};
      for (common_chat_tool_call& call : message.tool_calls)
        reply.calls.push_back({std::move(call.name), std::move(call.arguments)});
      return reply;
    } catch (const std::exception&) {
      return std::nullopt;
    }
  }

  std::unique_ptr<common_chat_peg_mapper> mapper_for(common_chat_msg& message) const {
    if (format_ == COMMON_CHAT_FORMAT_PEG_GEMMA4) return std::make_unique<common_chat_peg_gemma4_mapper>(message);
    if (format_ == COMMON_CHAT_FORMAT_PEG_MINIMAX_M3)
      return std::make_unique<common_chat_peg_minimax_m3_mapper>(message);
    return std::make_unique<common_chat_peg_mapper>(message);
  }

  common_chat_format format_;
  std::string begun_;
  common_peg_arena arena_;
};

// Takes the place of a control token's text in what somebody said, while the template is filled: two characters of Unicode's
// private use around its number.
constexpr std::string_view mark_begin = "\xEE\x82\xA0", mark_end = "\xEE\x82\xA1";

class Marks {
 public:
  explicit Marks(std::vector<std::string> texts) : texts_(std::move(texts)) {
    std::erase(texts_, std::string());
    std::sort(texts_.begin(), texts_.end(), [](const std::string& a, const std::string& b) {
      return a.size() != b.size() ? a.size() > b.size() : a < b;
    });
    for (const std::string& text : texts_) begins_[static_cast<unsigned char>(text[0])] = true;
  }

  std::string put(std::string_view said) const {
    std::string out;
    for (std::size_t at = 0; at < said.size();) {
      const std::optional<std::size_t> found = text_at(said, at);
      if (!found) {
        out += said[at++];
        continue;
      }
      out.append(mark_begin).append(std::to_string(*found)).append(mark_end);
      at += texts_[*found].size();
    }
    return out;
  }

  Json put_all(const Json& value) const {
    if (value.is_string()) return put(value.get_ref<const std::string&>());
    Json out = value;
    if (value.is_array()) {
      for (Json& item : out) item = put_all(std::as_const(item));
    } else if (value.is_object()) {
      out = Json::object();
      for (const auto& [key, item] : value.items()) out[put(key)] = put_all(item);
    }
    return out;
  }

  std::vector<PromptPart> take_out(std::string_view prompt) const {
    std::vector<PromptPart> parts;
    std::size_t from = 0;
    for (std::size_t at = 0; (at = prompt.find(mark_begin, at)) != prompt.npos;) {
      const std::size_t end = prompt.find(mark_end, at);
      const std::optional<std::size_t> index = end == prompt.npos ? std::nullopt : number(prompt.substr(at + 3, end - at - 3));
      if (!index) {
        at += mark_begin.size();
        continue;
      }
      if (at > from) parts.push_back({std::string(prompt.substr(from, at - from))});
      parts.push_back({texts_[*index], true});
      from = at = end + mark_end.size();
    }
    if (from < prompt.size()) parts.push_back({std::string(prompt.substr(from))});
    return parts;
  }

 private:
  std::optional<std::size_t> text_at(std::string_view said, std::size_t at) const {
    if (!begins_[static_cast<unsigned char>(said[at])]) return std::nullopt;
    for (std::size_t i = 0; i < texts_.size(); ++i)
      if (said.substr(at).starts_with(texts_[i])) return i;
    return std::nullopt;
  }
  std::optional<std::size_t> number(std::string_view digits) const {
    if (digits.empty() || digits.size() > 6 || digits.find_first_not_of("0123456789") != digits.npos) return std::nullopt;
    const std::size_t value = std::stoul(std::string(digits));
    return value < texts_.size() ? std::optional(value) : std::nullopt;
  }

  std::vector<std::string> texts_;  // longest first
  std::array<bool, 256> begins_ = {};
};

// Mistral's templates refuse other ids.
std::string nine_characters(std::size_t number) {
  char id[16];
  std::snprintf(id, sizeof id, "call%05zu", number % 100'000);
  return id;
}

// SmolLM3's template takes tools under a name of its own, and does not write calls that were made. This goes before it, and writes them
// as the template tells the model to.
constexpr std::string_view xml_tools_preamble = R"jinja({%- set xml_tools = tools if tools is defined and tools else false -%}
{%- set before = namespace(messages=[], text='') -%}
{%- for message in messages -%}
{%- if message.tool_calls is defined and message.tool_calls -%}
{%- set before.text = message.content if message.content is string else '' -%}
{%- for call in message.tool_calls -%}
{%- set before.text = before.text ~ ('\n' if before.text else '') ~ '<tool_call>\n{"name": "' ~ call.function.name ~ '", "arguments": ' ~ (call.function.arguments | tojson) ~ '}\n</tool_call>' -%}
{%- endfor -%}
{%- set before.messages = before.messages + [{'role': message.role, 'content': before.text}] -%}
{%- else -%}
{%- set before.messages = before.messages + [message] -%}
{%- endif -%}
{%- endfor -%}
{%- set messages = before.messages -%}
)jinja";

class CommonTemplate final : public ChatTemplate {
 public:
  CommonTemplate(common_chat_templates_ptr templates, common_chat_templates_ptr bare, std::vector<std::string> control_texts)
      : templates_(std::move(templates)), bare_(std::move(bare)), marks_(std::move(control_texts)) {
    for (const auto& [name, is_so] : common_chat_templates_get_caps(templates_.get())) {
      if (name == "supports_tools") is_told_of_tools_ = is_so;
      if (name == "supports_tool_calls") calls_tools_ = is_so;
      if (name == "supports_parallel_tool_calls") calls_several_ = is_so;
    }
  }

  bool has_tools() const override { return is_told_of_tools_ && calls_tools_; }
  bool has_parallel_calls() const override { return has_tools() && calls_several_; }

  Result<PreparedTurn> prepare(const ChatSituation& situation) const override {
    return guarded([&]() -> Result<PreparedTurn> {
      common_chat_templates_inputs inputs = inputs_of(situation);
      const bool calls = has_tools() && !situation.callable.empty() && !situation.response_schema;
      inputs.tool_choice = calls ? choice_of(situation) : COMMON_CHAT_TOOL_CHOICE_NONE;
      PreparedTurn turn;
      turn.prompt = marks_.take_out(common_chat_templates_apply(templates_.get(), inputs).prompt);
      if (calls) inputs.tools = written(situation.callable);
      const common_chat_params params = common_chat_templates_apply(bare_.get(), inputs);
      turn.guide = guide_of(params);
      if (calls && situation.must_call) turn.guide.grammar = without_words(turn.guide.grammar);
      if (calls && turn.guide.grammar.empty()) turn.guide.grammar = unmarked_grammar(inputs);
      turn.format = std::make_unique<PegFormat>(params);
      return turn;
    });
  }

 private:
  static common_chat_tool_choice choice_of(const ChatSituation& situation) {
    return situation.must_call ? COMMON_CHAT_TOOL_CHOICE_REQUIRED : COMMON_CHAT_TOOL_CHOICE_AUTO;
  }

  // Who must call does not talk first, and may talk for ever: the root rule without the words before the call. Thoughts stand in brackets.
  static std::string without_words(const std::string& grammar) {
    const std::size_t root = grammar.starts_with("root ::=") ? 0 : grammar.find("\nroot ::=");
    if (root == grammar.npos) return grammar;
    std::string out = grammar.substr(0, root);
    int depth = 0;
    bool is_quoted = false;
    std::size_t at = root;
    for (; at < grammar.size() && (grammar[at] != '\n' || at == root); ++at) {
      const char c = grammar[at];
      if (is_quoted && c == '\\' && at + 1 < grammar.size()) out += grammar[at++];
      if (c == '"') is_quoted = !is_quoted;
      if (!is_quoted && (c == '(' || c == ')')) depth += c == '(' ? 1 : -1;
      constexpr std::string_view words = " until-";
      if (!is_quoted && depth == 0 && grammar.compare(at, words.size(), words) == 0) {
        at = grammar.find_first_not_of("0123456789", at + words.size());
        if (at == grammar.npos) return grammar;
        if (grammar[at] != '?') --at;
        continue;
      }
      out += grammar[at];
    }
    return out + grammar.substr(at);
  }

  // Of a format in which a call begins without a mark of its own (Llama 3), llama.cpp has a grammar only where there must be a
  // call. Here: that one, or words, in which nothing begins as a call does.
  std::string unmarked_grammar(common_chat_templates_inputs inputs) const {
    inputs.tool_choice = COMMON_CHAT_TOOL_CHOICE_REQUIRED;
    const common_chat_params params = common_chat_templates_apply(bare_.get(), inputs);
    constexpr std::string_view root = "root ::=";
    std::string grammar = "\n" + params.grammar;
    const std::size_t at = grammar.find("\n" + std::string(root));
    if (at == grammar.npos || params.grammar_lazy) return {};
    grammar.replace(at + 1, root.size(), "deed-call ::=");
    return "root ::= deed-call | " + gbnf_format_literal(params.generation_prompt) +
           " deed-words\ndeed-words ::= ( [^{] | \"{\" [^{\"\\x09\\x0A\\x0D\\x20] )*" + grammar;
  }

  common_chat_templates_inputs inputs_of(const ChatSituation& situation) const {
    common_chat_templates_inputs inputs;
    if (!situation.system.empty()) inputs.messages.push_back(message("system", situation.system));
    std::map<std::string, std::string> ids;
    for (const Message& said : situation.messages) add(said, ids, inputs.messages);
    if (has_tools()) inputs.tools = written(situation.tools);
    inputs.parallel_tool_calls = situation.may_call_several && has_parallel_calls();
    inputs.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
    inputs.enable_thinking = situation.thinks;
    if (situation.response_schema) inputs.json_schema = to_text(*situation.response_schema);
    return inputs;
  }

  common_chat_msg message(const char* role, std::string_view text) const {
    common_chat_msg out;
    out.role = role;
    out.content = marks_.put(to_utf8(text));
    return out;
  }

  void add(const Message& said, std::map<std::string, std::string>& ids, std::vector<common_chat_msg>& out) const {
    if (said.role == Role::user) {
      // Templates want that the speakers take turns.
      if (!out.empty() && out.back().role == "user") {
        out.back().content += "\n\n" + marks_.put(to_utf8(said.text));
        return;
      }
      out.push_back(message("user", said.text));
    } else if (said.role == Role::tool) {
      common_chat_msg result = message("tool", said.text);
      result.tool_call_id = ids[said.tool_call_id];
      result.tool_name = wire_tool_name(said.tool_name);
      out.push_back(std::move(result));
    } else {
      common_chat_msg reply = message("assistant", said.text);
      if (said.replay.provider == local_replay && said.replay.items.is_object())
        reply.reasoning_content = marks_.put(string_at(said.replay.items, "reasoning"));
      for (const ToolCall& call : said.tool_calls) {
        const std::string id = ids[call.id] = nine_characters(ids.size());
        reply.tool_calls.push_back({wire_tool_name(call.name), to_text(marks_.put_all(call.arguments)), id});
      }
      out.push_back(std::move(reply));
    }
  }

  std::vector<common_chat_tool> written(const ToolList& tools) const {
    std::vector<common_chat_tool> out;
    for (const ToolDefinition& tool : tools)
      out.push_back({wire_tool_name(tool.name), marks_.put(to_utf8(tool.description)), to_text(marks_.put_all(tool.parameters))});
    return out;
  }

  static ReplyGuide guide_of(const common_chat_params& params) {
    ReplyGuide guide{.grammar = params.grammar,
                     .triggers = {},
                     .begun = params.generation_prompt,
                     .thinking_begin = params.supports_thinking ? params.thinking_start_tag : "",
                     .thinking_ends = params.thinking_end_tags,
                     .stops = params.additional_stops};
    if (!params.grammar_lazy) return guide;
    for (const common_grammar_trigger& trigger : params.grammar_triggers) {
      const bool is_word = trigger.type == COMMON_GRAMMAR_TRIGGER_TYPE_WORD;
      guide.triggers.push_back(is_word ? as_pattern(trigger.value) : trigger.value);
      if (trigger.type == COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN_FULL) guide.triggers.back() = "^" + trigger.value + "$";
    }
    return guide;
  }

  static std::string as_pattern(std::string_view word) {
    std::string pattern;
    for (const char c : word) {
      if (std::string_view("\\^$.|?*+()[]{}/").find(c) != std::string_view::npos) pattern += '\\';
      pattern += c;
    }
    return pattern;
  }

  common_chat_templates_ptr templates_;
  // Without the texts of the first and the last token: these mislead llama.cpp's comparison of renderings, by which it finds the form of
  // calls (of Mistral Small it would want "[ARGS]" twice).
  common_chat_templates_ptr bare_;
  Marks marks_;
  bool is_told_of_tools_ = false, calls_tools_ = false, calls_several_ = false;
};

}  // namespace

Result<std::unique_ptr<ChatTemplate>> ChatTemplate::read(ChatSource source) {
  if (source.jinja.size() > max_bytes)
    return fail(ErrorKind::limit, "the model's chat template has " + std::to_string(source.jinja.size()) + " bytes, at most " +
                                      std::to_string(max_bytes) + " are read");
  if (source.jinja.empty()) return fail(ErrorKind::unsupported, "the model has no chat template");
  if (source.jinja.find("xml_tools") != source.jinja.npos) source.jinja.insert(0, xml_tools_preamble);
  return guarded([&]() -> Result<std::unique_ptr<ChatTemplate>> {
    jinja::lexer lexer;
    DEED_OK(check_nesting(lexer.tokenize(source.jinja).tokens));
    common_chat_templates_ptr templates = common_chat_templates_init(nullptr, source.jinja, source.bos, source.eos);
    common_chat_templates_ptr bare = common_chat_templates_init(nullptr, source.jinja);
    return std::unique_ptr<ChatTemplate>(
        std::make_unique<CommonTemplate>(std::move(templates), std::move(bare), std::move(source.control_texts)));
  });
}

}  // namespace deed
