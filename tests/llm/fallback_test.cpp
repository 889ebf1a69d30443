#include "deed/llm/fallback.hpp"

#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_async.hpp"

#include <gtest/gtest.h>

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Says its name, or fails as it was told to, after it has streamed some of it.
class OneModel final : public Model {
 public:
  explicit OneModel(std::string name) { info_.name = std::move(name); }
  const ModelInfo& info() const override { return info_; }
  std::int64_t count_tokens(std::string_view text) const override { return static_cast<std::int64_t>(text.size()); }
  Async<Reply> generate(ModelRequest, StreamSink sink) override {
    ++asked;
    if (streams_first && sink) sink(TextDelta{"half "});
    if (failure) co_return fail(*failure, info_.name + " fails");
    if (sink) sink(TextDelta{info_.name});
    Reply reply;
    reply.text = info_.name;
    co_return reply;
  }
  ModelInfo info_;
  std::optional<ErrorKind> failure;
  bool streams_first = false;
  int asked = 0;
};

class FallbackTest : public testing::Test {
 protected:
  FallbackTest() {
    std::vector<std::unique_ptr<Model>> models;
    for (const char* name : {"a", "b", "c"}) {
      auto model = std::make_unique<OneModel>(name);
      parts.push_back(model.get());
      models.push_back(std::move(model));
    }
    parts[1]->info_.takes_images = true;
    FallbackOptions options;
    options.now = [this] { return now; };
    chain = make_fallback(std::move(models), std::move(options));
  }
  Result<Reply> ask() {
    StreamSink sink = [this](const StreamEvent& event) {
      if (const auto* text = std::get_if<TextDelta>(&event)) told += text->text;
      if (std::holds_alternative<ReplyRestarted>(event)) told += "|";
    };
    return run_async(io, chain->generate({.messages = {{.text = "x"}}}, std::move(sink)));
  }

  asio::io_context io;
  std::vector<OneModel*> parts;
  std::unique_ptr<Model> chain;
  std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
  std::string told;
};

TEST_F(FallbackTest, AsksTheFirstAsLongAsItWorks) {
  EXPECT_EQ(ask()->text, "a");
  EXPECT_THAT(ask()->fell_back, IsEmpty());
  EXPECT_EQ(parts[1]->asked, 0);
}

TEST_F(FallbackTest, AsksTheNextWhereAModelIsOutOfOrderOutOfQuotaOrTooSmall) {
  for (const ErrorKind kind : {ErrorKind::unavailable, ErrorKind::timeout, ErrorKind::limit, ErrorKind::corrupt, ErrorKind::denied,
                               ErrorKind::not_found, ErrorKind::unsupported}) {
    parts[0]->failure = kind;
    now += std::chrono::minutes(2);
    const Result<Reply> reply = ask();
    ASSERT_OK(reply);
    EXPECT_EQ(reply->text, "b");
    EXPECT_THAT(reply->fell_back, ElementsAre("a: a fails"));
  }
}

TEST_F(FallbackTest, EndsWhereNoOtherModelWouldDoBetter) {
  for (const ErrorKind kind : {ErrorKind::invalid, ErrorKind::cancelled}) {
    parts[0]->failure = kind;
    EXPECT_THAT(ask(), IsError(kind));
  }
  EXPECT_EQ(parts[1]->asked, 0);
}

TEST_F(FallbackTest, GivesTheLastFailureWhereAllFail) {
  for (OneModel* part : parts) part->failure = ErrorKind::unavailable;
  EXPECT_THAT(ask(), IsError(ErrorKind::unavailable, HasSubstr("c fails")));
}

TEST_F(FallbackTest, LetsAModelThatWasOutOfOrderRestButNotOneThatWasTooSmall) {
  parts[0]->failure = ErrorKind::unavailable;
  EXPECT_OK(ask());
  EXPECT_OK(ask());
  EXPECT_EQ(parts[0]->asked, 1);
  now += std::chrono::seconds(61);
  parts[0]->failure = ErrorKind::limit;
  EXPECT_OK(ask());
  EXPECT_OK(ask());
  EXPECT_EQ(parts[0]->asked, 3);
}

TEST_F(FallbackTest, AsksAModelThatRestsRatherThanNone) {
  for (OneModel* part : parts) part->failure = ErrorKind::unavailable;
  EXPECT_FALSE(ask());
  parts[0]->failure.reset();
  EXPECT_EQ(ask()->text, "a");
}

TEST_F(FallbackTest, TellsTheSinkThatWhatItHeardIsVoid) {
  parts[0]->streams_first = true;
  parts[0]->failure = ErrorKind::corrupt;
  EXPECT_OK(ask());
  EXPECT_EQ(told, "half |b");
}

TEST_F(FallbackTest, TakesWhatAnyOfItsModelsTakes) {
  EXPECT_TRUE(chain->info().takes_images);
  EXPECT_FALSE(chain->info().takes_audio);
  EXPECT_EQ(chain->info().name, "a, b, c");
}

TEST(ModelNames, AreSplitAtCommasThatASchemeFollows) {
  EXPECT_THAT(split_model_names("openai:a"), ElementsAre("openai:a"));
  EXPECT_THAT(split_model_names("openai:a, local:b,http://h/v1#c,d"), ElementsAre("openai:a", "local:b", "http://h/v1#c,d"));
  EXPECT_THAT(split_model_names(""), ElementsAre(""));
}

}  // namespace
}  // namespace deed
