#include "deed/llm/model_table.hpp"

#include "deed/core/text.hpp"

#include <algorithm>

namespace deed {
namespace {

constexpr std::int64_t default_window = 128'000;
constexpr std::int64_t million = 1'048'576;

// Tokens of the window; dollars for a million tokens of input, of input from a cache, of input put into a cache, of output; pictures,
// sounds, documents. Where prices depend on the length of the prompt, that of short ones stands here; where they depend on the hour or
// end on a day that is known, the dearer ones, so that a budget does not run over. Pages of single models are named where the price
// page did not say enough; a price that nobody gave is 0.
const ModelRow model_rows[] = {
    // https://developers.openai.com/api/docs/pricing
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
    {"gpt-5.2", 400'000, 1.75, {}, {}, 14, true, false, true},  // https://docs.venice.ai/es/models/gpt-5-2.md
    // https://developers.openai.com/api/docs/models/gpt-5.4, likewise of the others
    {"gpt-5.4", 1'050'000, 2.5, 0.25, {}, 15, true, false, true},
    {"gpt-5.4-mini", 400'000, 0.75, 0.075, {}, 4.5, true, false, true},
    {"gpt-5.4-nano", 400'000, 0.2, 0.02, {}, 1.25, true, false, true},
    {"gpt-5.5", 1'050'000, 5, 0.5, {}, 30, true, false, true},
    {"gpt-5.5-pro", 1'050'000, 30, {}, {}, 180, true, false, true},
    {"gpt-5.6", 1'050'000, 5, 0.5, 6.25, 30, true, false, true},  // Sol; 4 and 20 until 2026-11-21 at least
    {"gpt-5.6-terra", 1'050'000, 2, 0.2, 2.5, 12, true, false, true},
    {"gpt-5.6-luna", 1'050'000, 0.2, 0.02, 0.25, 1.2, true, false, true},
    {"gpt-6-astra", 1'050'000, 10, 1, 12.5, 50, true, false, true},
    {"gpt-6-sol", 1'050'000, 2, 0.2, 2.5, 10, true, false, true},
    {"gpt-6-luna", 1'050'000, 0.1, 0.01, 0.125, 0.5, true, false, true},
    {"gpt-6.1-sol", 1'050'000, 2, 0.1, 2.5, 10, true, false, true},
    {"gpt-6.1-terra", 1'050'000, 1, 0.05, {}, 5, true, false, true},  // https://apidog.com/ar/blog/what-is-gpt-6-1-terra/
    // https://docs.laozhang.ai/en/announcements/gpt-6-2-2026-11.md; of cached input
    // https://github.com/akiiwa-games/AgentCompass-Router/releases/tag/v0.6.8
    {"gpt-6.2-astra", 1'050'000, 8, 0.4, {}, 40, true, false, true},
    {"gpt-6.2-sol", 1'050'000, 2, 0.1, {}, 10, true, false, true},
    {"o1", 200'000, 15, 7.5, {}, 60, true, false, true},
    {"o1-mini", 128'000, 1.1, 0.55, {}, 4.4, false, false, false},
    {"o3", 200'000, 2, 0.5, {}, 8, true, false, true},
    {"o3-mini", 200'000, 1.1, 0.55, {}, 4.4, false, false, false},
    {"o4-mini", 200'000, 1.1, 0.275, {}, 4.4, true, false, true},
    {"gpt-oss", 131'072, 0, {}, {}, 0, false, false, false},
    // https://platform.claude.com/docs/en/about-claude/pricing; windows: https://platform.claude.com/docs/en/models/opus-4-8/overview,
    // likewise of the others
    {"claude-", 200'000, 3, 0.3, 3.75, 15, true, false, true},
    {"claude-3-haiku", 200'000, 0.25, 0.03, 0.3, 1.25, true, false, true},
    {"claude-3-5-haiku", 200'000, 0.8, 0.08, 1, 4, true, false, true},
    {"claude-3-opus", 200'000, 15, 1.5, 18.75, 75, true, false, true},
    {"claude-haiku-4-5", 200'000, 1, 0.1, 1.25, 5, true, false, true},
    {"claude-opus-4", 200'000, 15, 1.5, 18.75, 75, true, false, true},
    {"claude-opus-4-5", 200'000, 5, 0.5, 6.25, 25, true, false, true},
    {"claude-opus-4-6", 1'000'000, 5, 0.5, 6.25, 25, true, false, true},
    {"claude-opus-4-7", 1'000'000, 5, 0.5, 6.25, 25, true, false, true},
    {"claude-opus-4-8", 1'000'000, 5, 0.5, 6.25, 25, true, false, true},
    {"claude-opus-5", 1'000'000, 5, 0.5, 6.25, 25, true, false, true},
    {"claude-opus-5-5", 1'000'000, 4, 0.2, 5, 20, true, false, true},
    {"claude-sonnet-4-6", 1'000'000, 3, 0.3, 3.75, 15, true, false, true},
    {"claude-sonnet-5", 1'000'000, 2, 0.2, 2.5, 10, true, false, true},
    {"claude-sonnet-5-5", 1'000'000, 2, 0.1, 2.5, 10, true, false, true},
    {"claude-haiku-5-5", 1'000'000, 0.1, 0.01, 0.125, 0.5, true, false, true},
    {"claude-fable-5", 1'000'000, 10, 1, 12.5, 50, true, false, true},
    {"claude-fable-5-1", 1'000'000, 10, 0.25, 12.5, 50, true, false, true},
    {"claude-mythos-5", 1'000'000, 10, 1, 12.5, 50, true, false, true},
    // https://ai.google.dev/gemini-api/docs/pricing
    {"gemini-", million, 1.25, 0.125, {}, 10, true, true, true},
    {"gemini-2.0-flash", million, 0.1, 0.025, {}, 0.4, true, true, true},
    {"gemini-2.0-flash-lite", million, 0.075, {}, {}, 0.3, true, true, true},
    {"gemini-2.5-flash", million, 0.3, 0.03, {}, 2.5, true, true, true},
    {"gemini-2.5-flash-lite", million, 0.1, 0.01, {}, 0.4, true, true, true},
    {"gemini-3-pro", million, 2, 0.2, {}, 12, true, true, true},
    {"gemini-3-flash", million, 0.5, 0.05, {}, 3, true, true, true},
    {"gemini-3.1-pro", million, 2, 0.2, {}, 12, true, true, true},
    {"gemini-3.1-flash-lite", million, 0.25, 0.025, {}, 1.5, true, true, true},
    {"gemini-3.5-flash", million, 1.5, 0.15, {}, 9, true, true, true},
    {"gemini-3.5-flash-lite", million, 0.3, 0.03, {}, 2.5, true, true, true},
    {"gemini-3.8-flash", million, 1.5, {}, {}, 7.5, true, true, true},  // half of that until 2026-12-31
    // https://api-docs.deepseek.com/quick_start/pricing; the peak hours' prices, at all other hours it is half of that
    {"deepseek-flash", 1'000'000, 0.3, 0.006, {}, 1.2, true, false, false},
    {"deepseek-v4-flash", 1'000'000, 0.3, 0.006, {}, 1.2, true, false, false},  // another name of deepseek-flash
    {"deepseek-v4-pro", 1'000'000, 1.32, 0.044, {}, 3.96, false, false, false},
    {"deepseek-chat", 128'000, 0.28, 0.028, {}, 0.42, false, false, false},
    {"deepseek-reasoner", 128'000, 0.28, 0.028, {}, 0.42, false, false, false},
    // https://mistral.ai/pricing; https://developer.puter.com/tutorials/mistral-api-pricing/
    {"mistral-small", 128'000, 0.1, {}, {}, 0.3, true, false, false},
    {"mistral-medium", 262'144, 1.5, {}, {}, 7.5, true, false, false},  // 3.5; https://openrouter.ai/mistralai/mistral-medium-3-5/api
    {"mistral-medium-25", 128'000, 0.4, {}, {}, 2, true, false, false},
    {"mistral-large", 128'000, 2, {}, {}, 6, false, false, false},
    {"mistral-large-3", 262'144, 0.5, {}, {}, 1.5, true, false, false},
    {"mistral-large-2512", 262'144, 0.5, {}, {}, 1.5, true, false, false},  // the same; https://polza.ai/models/mistralai/mistral-large-2512.md
    // https://docs.x.ai/developers/grok-4-7, likewise of the others; of cached input https://apidog.com/blog/how-to-use-grok-4-7-api/
    {"grok-4", 256'000, 3, {}, {}, 15, true, false, false},
    {"grok-4.3", 1'000'000, 1.25, 0.2, {}, 2.5, true, false, false},
    {"grok-4.5", 500'000, 2, 0.5, {}, 6, true, false, false},
    {"grok-4.6", 500'000, 2, {}, {}, 6, true, false, false},
    {"grok-4.7", 500'000, 2, 0.5, {}, 6, true, false, false},
};

// As Anthropic itself writes it: "claude-opus-4.6" is what OpenRouter says, "us.anthropic.claude-opus-4-6-v1" what Amazon says.
std::string claude_name(std::string name) {
  const std::size_t maker = name.find("anthropic.claude-");
  if (maker != std::string::npos) name.erase(0, name.find("claude-", maker));
  if (name.starts_with("claude-")) std::replace(name.begin(), name.end(), '.', '-');
  return name;
}

const ModelRow* longest_match(std::span<const ModelRow> table, std::string_view name) {
  const ModelRow* best = nullptr;
  for (const ModelRow& row : table) {
    const bool is_better = best == nullptr || row.prefix.size() > best->prefix.size();
    if (name.starts_with(lower_ascii(row.prefix)) && is_better) best = &row;
  }
  return best;
}

}  // namespace

std::span<const ModelRow> known_models() { return model_rows; }

ModelInfo model_info(std::string name, std::string_view model, std::span<const ModelRow> own) {
  // OpenRouter and others put the maker in front.
  const std::string bare = lower_ascii(model.substr(model.rfind('/') + 1));
  const ModelRow* row = longest_match(own, lower_ascii(name));
  if (!row) row = longest_match(own, bare);
  if (!row) row = longest_match(model_rows, claude_name(bare));
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
