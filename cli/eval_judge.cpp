#include "deed/cli/eval_judge.hpp"

#include <algorithm>

#include "deed/core/text.hpp"

namespace deed {
namespace {

constexpr std::size_t shown_bytes = 300;

std::string cut(std::string text) {
  if (text.size() <= shown_bytes) return text;
  return std::string(utf8_prefix(text, shown_bytes)) + "…";
}
// In quotes, on one line.
std::string in_quotes(std::string_view text) { return cut(to_text(Json(to_utf8(text)))); }

std::string unlike(std::string wanted, std::string came) { return "wanted " + cut(std::move(wanted)) + "; came " + cut(std::move(came)); }

bool is_bad(const Reply& reply, const ToolCall& call) {
  return std::any_of(reply.bad_arguments.begin(), reply.bad_arguments.end(), [&](const auto& bad) { return bad.first == call.id; });
}

std::string said(const Reply& reply) {
  std::string out;
  for (const ToolCall& call : reply.tool_calls) {
    out += (out.empty() ? "" : ", ") + call.name + " " + (is_bad(reply, call) ? "with arguments that are no JSON" : to_text(call.arguments));
  }
  const std::string text(trim(reply.text));
  if (!text.empty() || out.empty()) out += (out.empty() ? "" : " and ") + in_quotes(text);
  if (reply.stop == StopReason::length) out += " (cut: the reply was too long)";
  if (reply.stop == StopReason::refused) out += " (refused)";
  return out;
}

bool fits(const ExpectedCall& wanted, const ToolCall& call, const Reply& reply) {
  if (wanted.name != call.name || is_bad(reply, call) || !call.arguments.is_object()) return false;
  for (const auto& [name, value] : wanted.arguments.items()) {
    const auto given = call.arguments.find(name);
    if (given == call.arguments.end() || !is_same_json(*given, value)) return false;
  }
  return true;
}

// Finds for each wanted call one of the reply: two may fit the same one, so an earlier choice gives way where another is left for it.
class Pairing {
 public:
  Pairing(const std::vector<ExpectedCall>& wanted, const Reply& reply) : wanted_(wanted), reply_(reply), owners_(reply.tool_calls.size(), none) {}

  bool is_complete() {
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      std::vector<bool> tried(owners_.size());
      if (!place(i, tried)) return false;
    }
    return true;
  }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  bool place(std::size_t wanted, std::vector<bool>& tried) {
    for (std::size_t i = 0; i < owners_.size(); ++i) {
      if (tried[i] || !fits(wanted_[wanted], reply_.tool_calls[i], reply_)) continue;
      tried[i] = true;
      if (owners_[i] != none && !place(owners_[i], tried)) continue;
      owners_[i] = wanted;
      return true;
    }
    return false;
  }

  const std::vector<ExpectedCall>& wanted_;
  const Reply& reply_;
  std::vector<std::size_t> owners_;  // of each call of the reply: the wanted one that it stands for
};

std::string named(const std::vector<ExpectedCall>& calls) {
  if (calls.empty()) return "no calls";
  std::string out = calls.size() == 1 ? "the call " : "the calls ";
  for (const ExpectedCall& call : calls) {
    if (&call != &calls.front()) out += ", ";
    out += call.name + (call.arguments.empty() ? "" : " " + to_text(call.arguments));
  }
  return out;
}

void judge_calls(const std::vector<ExpectedCall>& wanted, const Reply& reply, std::vector<std::string>& out) {
  const bool is_right = wanted.size() == reply.tool_calls.size() && Pairing(wanted, reply).is_complete();
  if (!is_right) out.push_back(unlike(named(wanted), said(reply)));
}

void judge_json(const Json& wanted, const Reply& reply, std::vector<std::string>& out) {
  const auto value = parse_json(trim(reply.text));
  if (!value || !is_same_json(*value, wanted)) out.push_back(unlike("the JSON " + to_text(wanted), said(reply)));
}

// A reply that is meant to be a call or a refusal has no JSON to check.
void judge_schema(const EvalRow& row, const Reply& reply, std::vector<std::string>& out) {
  const bool is_meant_otherwise = row.expect.refuses || (row.expect.calls && !row.expect.calls->empty());
  if (!row.schema || is_meant_otherwise) return;
  const auto value = parse_json(trim(reply.text));
  if (!value) {
    out.push_back(unlike("JSON of the schema", said(reply)));
    return;
  }
  const auto issues = row.schema->check(*value);
  if (!issues.empty()) out.push_back(unlike("JSON of the schema (" + issues.front().path + ": " + issues.front().what + ")", said(reply)));
}

}  // namespace

bool is_same_json(const Json& a, const Json& b) {
  if (a.is_array() && b.is_array()) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Json& x, const Json& y) { return is_same_json(x, y); });
  }
  if (!a.is_object() || !b.is_object()) return a == b;
  if (a.size() != b.size()) return false;
  for (const auto& [name, value] : a.items()) {
    const auto other = b.find(name);
    if (other == b.end() || !is_same_json(value, *other)) return false;
  }
  return true;
}

std::vector<std::string> judge_reply(const EvalRow& row, const Reply& reply) {
  std::vector<std::string> out;
  const Expectation& expect = row.expect;
  if (expect.refuses && reply.stop != StopReason::refused) out.push_back(unlike("a refusal", said(reply)));
  if (expect.calls) judge_calls(*expect.calls, reply, out);
  if (expect.equals && trim(reply.text) != trim(*expect.equals)) out.push_back(unlike("the text " + in_quotes(*expect.equals), said(reply)));
  for (const std::string& text : expect.contains) {
    if (reply.text.find(text) == std::string::npos) out.push_back(unlike("a text with " + in_quotes(text), said(reply)));
  }
  for (const std::string& text : expect.lacks) {
    if (reply.text.find(text) != std::string::npos) out.push_back(unlike("a text without " + in_quotes(text), said(reply)));
  }
  if (expect.json) judge_json(*expect.json, reply, out);
  judge_schema(row, reply, out);
  return out;
}

}  // namespace deed
