// What is known of models by the beginning of their name: window, prices, what they take. Dated; the user's own rows go first.
#pragma once

#include "deed/llm/model.hpp"

#include <span>
#include <string>
#include <string_view>

namespace deed {

/// The day of the newest of the pages that the built-in rows were compared with: the providers' own of models and prices, or another's
/// that quotes them, as model_table.cpp names them. Not every row was compared on it.
inline constexpr std::string_view model_table_date = "2026-11-18";

/// The built-in rows, for people.
std::span<const ModelRow> known_models();

/// `name` is the whole name that the user gave, `model` what the server calls it ("openai/gpt-4o" counts as "gpt-4o",
/// "claude-opus-4.6" as "claude-opus-4-6"). The longest beginning that fits counts, `own` before the built-in rows. A model that no
/// row knows has a window of 128,000 tokens, no price, and is given whatever media there are: its server may know better.
ModelInfo model_info(std::string name, std::string_view model, std::span<const ModelRow> own = {});

}  // namespace deed
