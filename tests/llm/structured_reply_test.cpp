#include "deed/llm/structured_reply.hpp"

#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_async.hpp"
#include "deed/tests/fakes/scripted_model.hpp"

#include <gtest/gtest.h>

namespace deed {
namespace {

using testing::HasSubstr;

const Json age = {{"type", "object"}, {"properties", {{"age", {{"type", "integer"}}}}}, {"required", {"age"}}};

class StructuredReplyTest : public testing::Test {
 protected:
  Result<Reply> ask(std::vector<Result<Reply>> replies, std::optional<Json> schema = age) {
    auto scripted = std::make_unique<ScriptedModel>(std::move(replies));
    scripted_ = scripted.get();
    model_ = make_structured(std::move(scripted));
    StreamSink sink = [this](const StreamEvent& event) { restarts_ += std::holds_alternative<ReplyRestarted>(event); };
    return run_async(io_, model_->generate({.messages = {{.text = "How old?"}}, .response_schema = std::move(schema)}, std::move(sink)));
  }
  static Reply costly(std::string text) { return {.text = std::move(text), .usage = {.input = 10, .output = 1}, .cost_usd = 0.5}; }

  asio::io_context io_;
  ScriptedModel* scripted_ = nullptr;
  std::unique_ptr<Model> model_;
  int restarts_ = 0;
};

TEST_F(StructuredReplyTest, TakesJsonOfTheSchemaAsItIsAndOutOfItsFence) {
  EXPECT_EQ(ask({costly(R"({"age": 3})")})->text, R"({"age": 3})");
  EXPECT_EQ(ask({costly("```json\n{\"age\": 3}\n```\n")})->text, R"({"age": 3})");
}

TEST_F(StructuredReplyTest, AsksAgainWithWhatWasWrongAndCountsAllTries) {
  const Result<Reply> reply = ask({costly("I am three."), costly(R"({"age": "three"})"), costly(R"({"age": 3})")});
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text, R"({"age": 3})");
  EXPECT_EQ(reply->usage.input, 30);
  EXPECT_EQ(reply->cost_usd, 1.5);
  EXPECT_EQ(restarts_, 2);
  EXPECT_THAT(scripted_->requests[1].messages.back().text, HasSubstr("not JSON"));
  EXPECT_THAT(scripted_->requests[2].messages.back().text, HasSubstr("/age"));
}

TEST_F(StructuredReplyTest, GivesUpAfterThreeTries) {
  EXPECT_THAT(ask({costly("a"), costly("b"), costly("c"), costly(R"({"age": 3})")}), IsError(ErrorKind::corrupt, HasSubstr("schema")));
}

TEST_F(StructuredReplyTest, LeavesCallsAndRequestsWithoutASchemaAlone) {
  EXPECT_EQ(ask({ScriptedModel::calls("look", {})})->tool_calls.size(), 1u);
  EXPECT_EQ(ask({costly("I am three.")}, std::nullopt)->text, "I am three.");
}

TEST_F(StructuredReplyTest, RefusesASchemaThatIsNone) {
  EXPECT_THAT(ask({costly("x")}, Json{{"type", "banana"}}), IsError(ErrorKind::invalid));
}

}  // namespace
}  // namespace deed
