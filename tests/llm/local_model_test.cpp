#include "deed/llm/local/local_model.hpp"

#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_async.hpp"
#include "deed/tests/llm/local_model_files.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace deed {
namespace {

using testing::HasSubstr;

ModelRequest talk(std::string text) {
  ModelRequest request;
  request.messages.push_back({.role = Role::user, .text = std::move(text)});
  request.max_tokens = 24;
  return request;
}

class LocalModel : public testing::Test {
 protected:
  void SetUp() override {
    DEED_SKIP_WITHOUT_MODEL();
    ModelEnvironment environment;
    environment.models_dir = models_dir();
    auto model = open_local_model("smollm2", environment);
    if (!model && model.error().kind == ErrorKind::unsupported)
      GTEST_SKIP() << "built without llama.cpp";
    ASSERT_OK(model);
    model_ = *std::move(model);
  }
  asio::io_context io_;
  std::unique_ptr<Model> model_;
};

TEST_F(LocalModel, AnswersInPlainWordsAndStreamsTheSameText) {
  std::string streamed;
  const StreamSink sink = [&](const StreamEvent& event) {
    if (const auto* delta = std::get_if<TextDelta>(&event)) streamed += delta->text;
  };
  const auto reply = run_async(io_, model_->generate(talk("What is the capital of France?"), sink));
  ASSERT_OK(reply);
  EXPECT_THAT(reply->text, HasSubstr("Paris"));
  EXPECT_EQ(streamed, reply->text);
  EXPECT_GT(reply->usage.input, 0);
  EXPECT_GT(reply->usage.output, 0);
}

TEST_F(LocalModel, ReadsTheSharedBeginningOfAConversationFromItsCache) {
  const auto first = run_async(io_, model_->generate(talk("Name a colour."), {}));
  ASSERT_OK(first);
  ModelRequest longer = talk("Name a colour.");
  longer.messages.push_back({.role = Role::assistant, .text = first->text});
  longer.messages.push_back({.role = Role::user, .text = "And another one."});
  const auto second = run_async(io_, model_->generate(longer, {}));
  ASSERT_OK(second);
  EXPECT_GT(second->usage.cached, second->usage.input / 2);
}

TEST_F(LocalModel, GivesTheSameAnswerWithAndWithoutItsCache) {
  const auto first = run_async(io_, model_->generate(talk("Name three animals."), {}));
  ASSERT_OK(run_async(io_, model_->generate(talk("Name four rivers."), {})));
  const auto again = run_async(io_, model_->generate(talk("Name three animals."), {}));
  ASSERT_OK(again);
  EXPECT_EQ(again->text, first->text);
}

TEST_F(LocalModel, StopsAtTheLargestNumberOfTokens) {
  ModelRequest request = talk("Count from one to one hundred.");
  request.max_tokens = 5;
  const auto reply = run_async(io_, model_->generate(request, {}));
  ASSERT_OK(reply);
  EXPECT_EQ(reply->stop, StopReason::length);
  EXPECT_EQ(reply->usage.output, 5);
}

TEST_F(LocalModel, IsCancelledInTheMiddleOfAReplyAndAnswersTheNextOne) {
  ModelRequest request = talk("Write a very long story.");
  request.max_tokens = 2000;
  asio::cancellation_signal signal;
  std::optional<Result<Reply>> result;
  // The first piece of text shows that the model is at work.
  const StreamSink sink = [&](const StreamEvent&) {
    signal.emit(asio::cancellation_type::terminal);
  };
  const auto root = [](Model& model, ModelRequest asked, StreamSink to,
                       std::optional<Result<Reply>>& out) -> asio::awaitable<void> {
    auto reply = co_await model.generate(std::move(asked), std::move(to));
    out.emplace(std::move(reply));
  };
  asio::co_spawn(io_, root(*model_, std::move(request), sink, result),
                 asio::bind_cancellation_slot(signal.slot(), [](std::exception_ptr) {}));
  io_.run();
  ASSERT_TRUE(result.has_value());
  EXPECT_THAT(*result, IsError(ErrorKind::cancelled));
  EXPECT_OK(run_async(io_, model_->generate(talk("Hello"), {})));
}

TEST_F(LocalModel, RefusesAPictureWithTheReason) {
  Media picture{"image/gif", "cat.gif", std::make_shared<const std::string>("GIF89a")};
  ModelRequest request{.messages = {{.text = "What is it?", .media = {picture}}}};
  EXPECT_THAT(run_async(io_, model_->generate(std::move(request), {})), IsError(ErrorKind::unsupported, testing::HasSubstr("pictures")));
}

TEST_F(LocalModel, ReportsATimeoutInTheMiddleOfAReply) {
  ModelRequest request = talk("Write a very long story.");
  request.timeout = std::chrono::milliseconds(0);
  EXPECT_THAT(run_async(io_, model_->generate(request, {})), IsError(ErrorKind::timeout));
}

TEST_F(LocalModel, SaysThatALongMessageDoesNotFit) {
  std::string text;
  while (text.size() < 400'000) text += "word after word ";
  EXPECT_THAT(run_async(io_, model_->generate(talk(text), {})),
              testing::AnyOf(IsError(ErrorKind::limit)));
}

TEST_F(LocalModel, ReadsNoControlTokensFromWhatTheUserSays) {
  EXPECT_GT(model_->count_tokens("<|im_end|>"), 1);
}

TEST_F(LocalModel, CountsTokensOfTwoMegabytes) {
  const std::string text(2u << 20, 'a');
  EXPECT_GT(model_->count_tokens(text), 0);
  EXPECT_EQ(model_->count_tokens(""), 0);
}

TEST_F(LocalModel, EndsWhileARequestIsWaiting) {
  ModelRequest request = talk("Write a very long story.");
  request.max_tokens = 2000;
  bool ended = false;
  asio::co_spawn(
      io_,
      [](Model& model, ModelRequest asked) -> asio::awaitable<void> {
        auto reply = co_await model.generate(std::move(asked), StreamSink());
        EXPECT_FALSE(reply.has_value());
      }(*model_, std::move(request)),
      [&](std::exception_ptr) { ended = true; });
  io_.poll();
  model_.reset();
  io_.run();
  EXPECT_TRUE(ended);
}

TEST(LocalModelFiles, AreCheckedBeforeAnythingIsLoaded) {
  DEED_SKIP_WITHOUT_MODEL();
  const std::string half = testing::TempDir() + "deed-half-" + std::to_string(::getpid()) + ".gguf";
  std::filesystem::copy_file(smollm2_file(), half);
  std::filesystem::resize_file(half, std::filesystem::file_size(half) / 2);
  const auto model = open_local_model(half, {});
  std::filesystem::remove(half);
  if (!model && model.error().kind == ErrorKind::unsupported)
    GTEST_SKIP() << "built without llama.cpp";
  EXPECT_THAT(model, IsError(ErrorKind::corrupt, HasSubstr("cut off")));
}

TEST(LocalModelFiles, ReportDamageThatOnlyLlamaSees) {
  // A head that is whole, of an architecture that nobody knows.
  const std::string odd = testing::TempDir() + "deed-odd-" + std::to_string(::getpid()) + ".gguf";
  {
    std::ofstream out(odd, std::ios::binary);
    const auto number = [&](auto value) {
      out.write(reinterpret_cast<const char*>(&value), sizeof value);
    };
    const auto text = [&](std::string_view value) {
      number(std::uint64_t{value.size()}), out << value;
    };
    out << "GGUF";
    number(std::uint32_t{3}), number(std::uint64_t{0}), number(std::uint64_t{1});
    text("general.architecture"), number(std::uint32_t{8}), text("riddle");
    out << std::string(64, '\0');
  }
  auto model = open_local_model(odd, {});
  if (!model && model.error().kind == ErrorKind::unsupported) {
    std::filesystem::remove(odd);
    GTEST_SKIP() << "built without llama.cpp";
  }
  ASSERT_OK(model);
  asio::io_context io;
  EXPECT_EQ((*model)->count_tokens("four"), 4);
  EXPECT_THAT(run_async(io, (*model)->generate(talk("Hello"), {})),
              IsError(ErrorKind::corrupt, HasSubstr("riddle")));
  std::filesystem::remove(odd);
}

constexpr double rounding = 0.6;

class LocalScorer : public testing::Test {
 protected:
  void SetUp() override {
    DEED_SKIP_WITHOUT_MODEL();
    auto scorer = open_local_scorer({.path = smollm2_file()});
    if (!scorer && scorer.error().kind == ErrorKind::unsupported)
      GTEST_SKIP() << "built without llama.cpp";
    ASSERT_OK(scorer);
    scorer_ = *std::move(scorer);
  }
  double sum_of(const ScoreQuestion& question, std::size_t index = 0) {
    const auto scores = scorer_->score(question);
    EXPECT_OK(scores);
    return scores ? scores->at(index).sum() : std::nan("");
  }
  std::unique_ptr<Scorer> scorer_;
};

// However a text is cut into prefix, given and judged text, batched and cached: its likelihood is
// the same.
TEST_F(LocalScorer, GivesATextTheSameLikelihoodHoweverItIsAskedFor) {
  const Tokens prefix = scorer_->tokenize(
      "The animals on the farm are cows, horses and other friendly creatures of the "
      "countryside.\nThere is a");
  const Tokens given = scorer_->tokenize(" big and old"),
               text = scorer_->tokenize(" brown horse in the stable");
  Tokens longer = prefix;
  longer.insert(longer.end(), given.begin(), given.end());
  const double alone = sum_of({.prefix = longer, .candidates = {{.text = text}}});
  EXPECT_NEAR(sum_of({.prefix = prefix, .candidates = {{given, text}}}), alone, rounding);
  for (int round = 0; round < 2; ++round)
    EXPECT_NEAR(sum_of({.prefix = prefix, .candidates = {{given, text}}, .keeps_given = true}),
                alone, rounding);
  std::vector<Candidate> many(100,
                              Candidate{scorer_->tokenize(" small"), scorer_->tokenize(" dog")});
  many.push_back({given, text});
  EXPECT_NEAR(sum_of({.prefix = prefix, .candidates = many, .judges_end = true}, 100), alone,
              rounding);
}

TEST_F(LocalScorer, FindsTheLikelierEndOfALine) {
  const Tokens prefix = scorer_->tokenize("Name: Ann\nName: Bob\nName:");
  const auto scores = scorer_->score(
      {.prefix = prefix,
       .candidates = {{.text = scorer_->tokenize(" Eve")}, {.text = scorer_->tokenize(" the")}},
       .judges_end = true});
  ASSERT_OK(scores);
  EXPECT_GT(scores->at(0).line(), scores->at(1).line());
}

TEST_F(LocalScorer, RefusesAPromptThatDoesNotFit) {
  EXPECT_THAT(scorer_->score({.prefix = Tokens(20'000, 5), .candidates = {{.text = {6}}}}),
              IsError(ErrorKind::limit));
  EXPECT_THAT(scorer_->score({.prefix = {5}, .candidates = {{.text = {}}}}),
              IsError(ErrorKind::invalid));
}

TEST_F(LocalScorer, GoesOnAfterManyDifferentPromptsInASmallContext) {
  auto small = open_local_scorer({.path = smollm2_file(), .max_context = 512});
  ASSERT_OK(small);
  scorer_ = *std::move(small);
  const ScoreQuestion question{
      .prefix = scorer_->tokenize("A prompt that comes again after many others have pushed it out "
                                  "of the cache, word for word."),
      .candidates = {{.text = scorer_->tokenize(" Yes")}}};
  const double before = sum_of(question);
  for (int i = 0; i < 4; ++i) {
    const Tokens other(150, 100 + i);
    EXPECT_OK(scorer_->score({.prefix = other,
                              .candidates = {{Tokens(30, 7), {8, 9}}, {Tokens(200, 7), {8, 9}}},
                              .keeps_given = true}));
  }
  EXPECT_NEAR(sum_of(question), before, rounding);
  EXPECT_THAT(scorer_->score({.prefix = Tokens(400, 5), .candidates = {{.text = Tokens(200, 6)}}}),
              IsError(ErrorKind::limit));
}

// What `prepare` keeps in a file: read once, found by the next process, worth nothing when damaged.
class PreparedPrompts : public testing::Test {
 protected:
  PreparedPrompts() : folder_(std::filesystem::temp_directory_path() / ("deed-kv-" + std::to_string(getpid()))) {
    std::filesystem::remove_all(folder_);
  }
  ~PreparedPrompts() override { std::filesystem::remove_all(folder_); }
  void SetUp() override {
    DEED_SKIP_WITHOUT_MODEL();
    const auto scorer = open_local_scorer({.path = smollm2_file()});
    if (!scorer && scorer.error().kind == ErrorKind::unsupported) GTEST_SKIP() << "built without llama.cpp";
  }

  struct Asked {
    std::vector<double> likelihoods;
    TokenUsage prepared;
  };
  // A process of its own, as far as the cache is concerned.
  Asked ask() const {
    auto scorer = open_local_scorer({.path = smollm2_file(), .cache_dir = folder_.string()});
    EXPECT_OK(scorer);
    Scorer& model = **scorer;
    ScoreQuestion question{.prefix = model.tokenize("Each request is answered by the function above it.\n"), .keeps_given = true};
    Preparation again{.prefix = question.prefix, .other = model.tokenize("Each form is filled with values.\nname:")};
    for (const char* tool : {"\nFunction: file.read(path)\nRequest:", "\nFunction: email.send(to)\nRequest:"}) {
      again.given.push_back(model.tokenize(tool));
      question.candidates.push_back({again.given.back(), model.tokenize(" Open notes.txt")});
    }
    EXPECT_OK(model.prepare(again));
    Asked asked{.prepared = model.usage()};
    const auto scores = model.score(question);
    EXPECT_OK(scores);
    for (const TextScore& score : *scores) asked.likelihoods.push_back(score.sum());
    return asked;
  }
  std::vector<std::filesystem::path> files(const std::string& ending = ".kv") const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      if (entry.path().extension() == ending) found.push_back(entry.path());
    return found;
  }
  static void expect_same(const Asked& a, const Asked& b) {
    ASSERT_EQ(a.likelihoods.size(), b.likelihoods.size());
    for (std::size_t i = 0; i < a.likelihoods.size(); ++i) EXPECT_NEAR(a.likelihoods[i], b.likelihoods[i], 1e-3);
  }

  std::filesystem::path folder_;
};

TEST_F(PreparedPrompts, AreFoundByTheNextProcessAndChangeNoAnswer) {
  const Asked first = ask();
  EXPECT_EQ(first.prepared.cached, 0);
  ASSERT_EQ(files().size(), 1u);
  EXPECT_EQ(std::filesystem::status(files()[0]).permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const Asked second = ask();
  EXPECT_EQ(second.prepared.cached, second.prepared.input);
  EXPECT_GT(second.prepared.cached, 0);
  expect_same(first, second);
  EXPECT_EQ(files().size(), 1u);
}

TEST_F(PreparedPrompts, ThatAreDamagedAreReadAnew) {
  const Asked first = ask();
  ASSERT_EQ(files().size(), 1u);
  const auto size = std::filesystem::file_size(files()[0]);
  {
    std::fstream file(files()[0], std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(size / 2));
    file.put('x').put('y').put('z');
  }
  const Asked second = ask();
  EXPECT_EQ(second.prepared.cached, 0);
  expect_same(first, second);
  std::filesystem::resize_file(files()[0], size / 3);
  expect_same(first, ask());
}

TEST_F(PreparedPrompts, AreNotKeptWhereTheyCannotBe) {
  std::ofstream(folder_.string()) << "a file where the folder should be";
  const Asked first = ask();
  EXPECT_EQ(first.likelihoods.size(), 2u);
}

// The installed model's own format (Q4_1) is slow to read prompts with.
TEST_F(PreparedPrompts, AreReadThroughAQuickCopyOfTheModelThatIsMadeOnce) {
  const Asked first = ask();
  const auto copies = files(".gguf");
  ASSERT_EQ(copies.size(), 1u);
  const auto made = std::filesystem::last_write_time(copies[0]);
  expect_same(first, ask());
  EXPECT_EQ(std::filesystem::last_write_time(copies[0]), made);
  // One that was cut off is made again.
  std::filesystem::resize_file(copies[0], 1000);
  expect_same(first, ask());
  ASSERT_EQ(files(".gguf").size(), 1u);
  EXPECT_GT(std::filesystem::file_size(copies[0]), 1'000'000u);
  EXPECT_TRUE(files(".part").empty());
}

}  // namespace
}  // namespace deed
