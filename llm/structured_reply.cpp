#include "deed/llm/structured_reply.hpp"

#include "deed/core/schema.hpp"
#include "deed/core/text.hpp"

#include <optional>
#include <utility>

namespace deed {
namespace {

constexpr int max_tries = 3;

// "```json … ```", which models put around JSON although nobody asked.
std::string_view without_fence(std::string_view text) {
  text = trim(text);
  if (!text.starts_with("```") || !text.ends_with("```") || text.size() < 6) return text;
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos) return text;
  return trim(text.substr(line + 1, text.size() - line - 1 - 3));
}

// What is wrong with the text; empty: it is JSON of the schema.
std::string objection(const Schema& schema, std::string_view text) {
  const auto value = parse_json(text);
  if (!value) return "It is not JSON: " + value.error().what + " at " + value.error().where + ".";
  std::string wrong;
  for (const SchemaIssue& issue : schema.check(*value)) {
    wrong += (wrong.empty() ? "" : " ") + (issue.path.empty() ? std::string("The value") : issue.path) + ": " + issue.what + ".";
  }
  return wrong;
}

class Structured final : public Model {
 public:
  explicit Structured(std::unique_ptr<Model> model) : model_(std::move(model)) {}

  const ModelInfo& info() const override { return model_->info(); }
  std::int64_t count_tokens(std::string_view text) const override { return model_->count_tokens(text); }
  Async<Reply> generate(ModelRequest request, StreamSink sink) override;

 private:
  std::unique_ptr<Model> model_;
};

Async<Reply> Structured::generate(ModelRequest request, StreamSink sink) {
  if (!request.response_schema) {
    Async<Reply> asking = model_->generate(std::move(request), std::move(sink));
    Result<Reply> plain = co_await std::move(asking);
    co_return plain;
  }
  const Result<Schema> schema = Schema::compile(*request.response_schema);
  if (!schema) co_return fail(schema.error());
  TokenUsage usage;
  double cost_usd = 0;
  std::string wrong;
  for (int tries = 0; tries < max_tries; ++tries) {
    ModelRequest copy = request;
    Async<Reply> asking = model_->generate(std::move(copy), sink);
    Result<Reply> reply = co_await std::move(asking);
    if (!reply) co_return reply;
    usage += reply->usage;
    cost_usd += reply->cost_usd;
    reply->usage = usage;
    reply->cost_usd = cost_usd;
    const bool has_another_end = !reply->tool_calls.empty() || reply->stop == StopReason::refused || reply->stop == StopReason::length;
    if (has_another_end) co_return reply;
    const std::string text(without_fence(reply->text));
    wrong = objection(*schema, text);
    if (wrong.empty()) {
      reply->text = text;
      co_return reply;
    }
    if (tries + 1 < max_tries && sink) sink(ReplyRestarted{"the reply was not of the schema: " + wrong});
    request.messages.push_back({.role = Role::assistant, .text = reply->text.empty() ? "(nothing)" : reply->text, .replay = reply->replay});
    request.messages.push_back({.role = Role::user,
                                .text = wrong + " Answer again, with nothing but JSON of this schema: " + to_text(*request.response_schema)});
  }
  co_return fail(ErrorKind::corrupt, "the model gave no JSON of the schema: " + wrong, model_->info().name, "another model may do better");
}

}  // namespace

std::unique_ptr<Model> make_structured(std::unique_ptr<Model> model) { return std::make_unique<Structured>(std::move(model)); }

}  // namespace deed
