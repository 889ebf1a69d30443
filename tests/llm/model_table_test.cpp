#include "deed/llm/model_table.hpp"

#include "deed/core/text.hpp"

#include <gtest/gtest.h>

#include <set>

namespace deed {
namespace {

double input_price(std::string_view model) { return model_info("", model).usd_per_million_input; }

TEST(ModelTable, TakesTheLongestBeginningThatFits) {
  EXPECT_EQ(input_price("gpt-4"), 30);
  EXPECT_EQ(input_price("gpt-4-0613"), 30);
  EXPECT_EQ(input_price("gpt-4-turbo-2024-04-09"), 10);
  EXPECT_EQ(input_price("gpt-4o-2024-08-06"), 2.5);
  EXPECT_EQ(input_price("gpt-4o-mini-2024-07-18"), 0.15);
  EXPECT_EQ(input_price("gpt-5.4-mini-2026-03-17"), 0.75);
  EXPECT_EQ(input_price("gpt-5.4-2026-03-05"), 2.5);
  EXPECT_EQ(input_price("claude-opus-4-20250514"), 15);
  EXPECT_EQ(input_price("claude-opus-4-6"), 5);
  EXPECT_EQ(input_price("claude-opus-5"), 5);
  EXPECT_EQ(input_price("claude-opus-5-5"), 4);
  EXPECT_EQ(input_price("gemini-3.5-flash-lite"), 0.3);
  EXPECT_EQ(input_price("grok-4.7"), 2);
}

TEST(ModelTable, TellsWindowsPricesOfCachesAndMedia) {
  const ModelInfo claude = model_info("anthropic:claude-sonnet-5-5", "claude-sonnet-5-5");
  EXPECT_EQ(claude.name, "anthropic:claude-sonnet-5-5");
  EXPECT_EQ(claude.context_window, 1'000'000);
  EXPECT_EQ(claude.usd_per_million_cached, 0.1);
  EXPECT_EQ(claude.usd_per_million_cache_write, 2.5);
  EXPECT_EQ(claude.usd_per_million_output, 10);
  EXPECT_TRUE(claude.takes_images && claude.takes_documents && !claude.takes_audio);
  EXPECT_TRUE(model_info("", "gemini-3.1-pro-preview").takes_audio);
  EXPECT_FALSE(model_info("", "deepseek-v4-pro").takes_images);
  EXPECT_EQ(model_info("", "mistral-medium-latest").usd_per_million_cached, std::nullopt);
}

TEST(ModelTable, KnowsModelsWithTheirMakersInFrontAndInAnyCase) {
  for (const char* name : {"openai/gpt-4.1-mini", "openrouter/openai/GPT-4.1-mini", "GPT-4.1-MINI"}) EXPECT_EQ(input_price(name), 0.4) << name;
  for (const char* name : {"anthropic/claude-opus-4.6", "us.anthropic.claude-opus-4-6-v1:0", "claude-opus-4-6@default"}) {
    EXPECT_EQ(model_info("", name).context_window, 1'000'000) << name;
    EXPECT_EQ(input_price(name), 5) << name;
  }
  EXPECT_EQ(input_price("anthropic/claude-3.5-haiku"), 0.8);
}

TEST(ModelTable, DoesNotTakeTheBeginningOfAnotherMakersNameForOne) {
  EXPECT_EQ(input_price("my-claude-opus-4-6"), 0);
  EXPECT_EQ(input_price("xgpt-4"), 0);
  EXPECT_EQ(input_price("gpt"), 0);
  EXPECT_EQ(input_price("gpt-4o/finetuned"), 0);
}

TEST(ModelTable, GivesAModelThatNobodyKnowsAWindowNoPriceAndAllMedia) {
  for (const char* name : {"whatever", "", "/", "openai/"}) {
    const ModelInfo info = model_info("x", name);
    EXPECT_EQ(info.context_window, 128'000) << name;
    EXPECT_EQ(info.usd_per_million_input + info.usd_per_million_output, 0) << name;
    EXPECT_FALSE(info.usd_per_million_cached || info.usd_per_million_cache_write) << name;
    EXPECT_TRUE(info.takes_images && info.takes_audio && info.takes_documents) << name;
  }
}

TEST(ModelTable, AsksTheUsersRowsFirst) {
  const ModelRow rows[] = {{.prefix = "gpt-4", .context_window = 1000, .usd_per_million_input = 1},
                           {.prefix = "GPT-4O", .context_window = 2000, .usd_per_million_input = 2, .takes_audio = true},
                           {.prefix = "mine:big", .usd_per_million_input = 3},
                           {.prefix = "claude-opus-4.6", .usd_per_million_input = 4}};
  const auto price = [&](std::string name, std::string_view model) { return model_info(std::move(name), model, rows).usd_per_million_input; };
  // A short one of the user's before a longer one that is built in.
  EXPECT_EQ(price("openai:gpt-4-turbo", "gpt-4-turbo"), 1);
  EXPECT_EQ(price("openai:gpt-4o-mini", "openai/gpt-4o-mini"), 2);
  // The whole name before what the server calls it.
  EXPECT_EQ(price("Mine:big-one", "gpt-4o"), 3);
  EXPECT_EQ(price("mine:small", "gpt-5"), 1.25);
  // As the user wrote it.
  EXPECT_EQ(price("", "anthropic/claude-opus-4.6"), 4);
  EXPECT_EQ(price("", "claude-opus-4-6"), 5);
}

TEST(ModelTable, GivesAUsersModelWithoutAWindowTheUsualOne) {
  const ModelRow rows[] = {{.prefix = "mine"}};
  EXPECT_EQ(model_info("", "mine", rows).context_window, 128'000);
  EXPECT_FALSE(model_info("", "mine", rows).takes_images);
}

TEST(ModelTable, HasRowsThatMakeSense) {
  std::set<std::string> seen;
  for (const ModelRow& row : known_models()) {
    SCOPED_TRACE(row.prefix);
    EXPECT_TRUE(seen.insert(row.prefix).second);
    EXPECT_EQ(row.prefix, lower_ascii(row.prefix));
    EXPECT_GE(row.context_window, 8'192);
    EXPECT_LE(row.context_window, 2'097'152);
    EXPECT_GE(row.usd_per_million_output, row.usd_per_million_input);
    EXPECT_LE(row.usd_per_million_cached.value_or(0), row.usd_per_million_input / 2);
    const double dearer = row.usd_per_million_input * 1.25;
    EXPECT_NEAR(row.usd_per_million_cache_write.value_or(dearer), dearer, dearer / 20);
    EXPECT_EQ(model_info("", row.prefix).usd_per_million_output, row.usd_per_million_output);
  }
}

TEST(ModelTable, HasADate) {
  ASSERT_EQ(model_table_date.size(), 10u);
  EXPECT_GE(model_table_date, "2025-11-24");
}

}  // namespace
}  // namespace deed
