#include "deed/llm/model_table.hpp"

#include "deed/core/text.hpp"

namespace deed {
namespace {

constexpr std::int64_t default_window = 128'000;
constexpr std::int64_t million = 1'048'576;

// Tokens of the window; dollars for a million tokens of input, of input from a cache, of input put into a cache, of output; pictures,
// sounds, documents. Where prices depend on the length of the prompt, that of short ones stands here.
const ModelRow rows[] = {
    // https://platform.openai.com/docs/pricing
    {"gpt-3.5-turbo", 16'385, 0.5, {}, {}, 1.5, false, false, false},
    {"gpt-4", 8'192, 30, {}, {}, 60, false, false, false},
    {"gpt-4-turbo", 128'000, 10, {}, {}, 30, true, false, false},
    {"gpt-4o", 128'000, 2.5, 1.25, {}, 10, true, false, true},
    {"gpt-4o-mini", 128'000, 0.15, 0.075, {}, 0.6, true, false, true},
    {"gpt-4o-audio", 128'000, 2.5, {}, {}, 10, false, true, false},
    {"gpt-4o-mini-audio", 128'000, 0.15, {}, {}, 0.6, false, true, false},
    {"gpt-audio", 128'000, 2.5, {}, {}, 10, false, true, false},
    {"gpt-audio-mini", 128'000, 0.6, {}, {}, 2.4, false, true, false},
    {"gpt-4.1", 1'047'576, 2, 0.5, {}, 8, true, false, true},
    {"gpt-4.1-mini", 1'047'576, 0.4, 0.1, {}, 1.6, true, false, true},
    {"gpt-4.1-nano", 1'047'576, 0.1, 0.025, {}, 0.4, true, false, true},
    {"gpt-5", 400'000, 1.25, 0.125, {}, 10, true, false, true},
    {"gpt-5-mini", 400'000, 0.25, 0.025, {}, 2, true, false, true},
    {"gpt-5-nano", 400'000, 0.05, 0.005, {}, 0.4, true, false, true},
    {"gpt-5-pro", 400'000, 15, {}, {}, 120, true, false, true},
    {"gpt-5.1-codex-mini", 400'000, 0.25, 0.025, {}, 2, true, false, true},
    {"o1", 200'000, 15, 7.5, {}, 60, true, false, true},
    {"o1-mini", 128'000, 1.1, 0.55, {}, 4.4, false, false, false},
    {"o3", 200'000, 2, 0.5, {}, 8, true, false, true},
    {"o3-mini", 200'000, 1.1, 0.55, {}, 4.4, false, false, false},
    {"o4-mini", 200'000, 1.1, 0.275, {}, 4.4, true, false, true},
    {"gpt-oss", 131'072, 0, {}, {}, 0, false, false, false},
    // https://docs.claude.com/en/docs/about-claude/pricing
    {"claude-", 200'000, 3, 0.3, 3.75, 15, true, false, true},
    {"claude-3-haiku", 200'000, 0.25, 0.03, 0.3, 1.25, true, false, true},
    {"claude-3-5-haiku", 200'000, 0.8, 0.08, 1, 4, true, false, true},
    {"claude-3-opus", 200'000, 15, 1.5, 18.75, 75, true, false, true},
    {"claude-haiku-4-5", 200'000, 1, 0.1, 1.25, 5, true, false, true},
    {"claude-opus-4", 200'000, 15, 1.5, 18.75, 75, true, false, true},
    {"claude-opus-4-5", 200'000, 5, 0.5, 6.25, 25, true, false, true},
    // https://ai.google.dev/gemini-api/docs/pricing
    {"gemini-", million, 1.25, 0.125, {}, 10, true, true, true},
    {"gemini-2.0-flash", million, 0.1, 0.025, {}, 0.4, true, true, true},
    {"gemini-2.0-flash-lite", million, 0.075, {}, {}, 0.3, true, true, true},
    {"gemini-2.5-flash", million, 0.3, 0.03, {}, 2.5, true, true, true},
    {"gemini-2.5-flash-lite", million, 0.1, 0.01, {}, 0.4, true, true, true},
    {"gemini-3-pro", million, 2, 0.2, {}, 12, true, true, true},
    // https://api-docs.deepseek.com/quick_start/pricing
    {"deepseek-chat", 128'000, 0.28, 0.028, {}, 0.42, false, false, false},
    {"deepseek-reasoner", 128'000, 0.28, 0.028, {}, 0.42, false, false, false},
    // https://mistral.ai/pricing
    {"mistral-small", 128'000, 0.1, {}, {}, 0.3, true, false, false},
    {"mistral-medium", 128'000, 0.4, {}, {}, 2, true, false, false},
    {"mistral-large", 128'000, 2, {}, {}, 6, false, false, false},
};

const ModelRow* longest_match(std::span<const ModelRow> table, std::string_view name) {
  const ModelRow* best = nullptr;
  for (const ModelRow& row : table) {
    const bool is_better = best == nullptr || row.prefix.size() > best->prefix.size();
    if (name.starts_with(lower_ascii(row.prefix)) && is_better) best = &row;
  }
  return best;
}

}  // namespace

std::span<const ModelRow> known_models() { return rows; }

ModelInfo model_info(std::string name, std::string_view model, std::span<const ModelRow> own) {
  // OpenRouter and others put the maker in front.
  const std::string bare = lower_ascii(model.substr(model.rfind('/') + 1));
  const ModelRow* row = longest_match(own, lower_ascii(name));
  if (!row) row = longest_match(own, bare);
  if (!row) row = longest_match(rows, bare);
  ModelInfo info{.name = std::move(name), .context_window = default_window};
  if (!row) {
    info.takes_images = info.takes_audio = info.takes_documents = true;
    return info;
  }
  if (row->context_window > 0) info.context_window = row->context_window;
  info.usd_per_million_input = row->usd_per_million_input;
  info.usd_per_million_cached = row->usd_per_million_cached;
  info.usd_per_million_cache_write = row->usd_per_million_cache_write;
  info.usd_per_million_output = row->usd_per_million_output;
  info.takes_images = row->takes_images;
  info.takes_audio = row->takes_audio;
  info.takes_documents = row->takes_documents;
  return info;
}

}  // namespace deed
