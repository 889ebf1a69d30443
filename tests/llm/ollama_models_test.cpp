// The models that an Ollama server has, and getting one: the state machine fed by hand, and the exchange with a script of answers.
#include "deed/llm/ollama/ollama_models.hpp"

#include "deed/net/http.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_async.hpp"

#include <gtest/gtest.h>

#include <map>

namespace deed::ollama {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::string tags = R"({"models":[
  {"name":"gemma3:latest","model":"gemma3:latest","modified_at":"2025-10-03T23:34:03.409490317-07:00","size":3338801804,"digest":"a2af6cc3eb7f",
   "details":{"parent_model":"","format":"gguf","family":"gemma3","families":["gemma3"],"parameter_size":"4.3B","quantization_level":"Q4_K_M"}},
  {"model":"qwen3:8b","size":-1,"details":null}, {"size":3}, 7]})";

const std::string pull_lines =
    "{\"status\":\"pulling manifest\"}\n"
    "{\"status\":\"pulling dde5aa3fc5ff\",\"digest\":\"sha256:dde5aa3fc5ff\",\"total\":2142590208,\"completed\":241970}\n"
    "{\"status\":\"verifying sha256 digest\"}\n{\"status\":\"writing manifest\"}\n{\"status\":\"success\"}\n";

struct Pulled {
  Result<void> result;
  std::vector<PullProgress> steps;
};

Pulled pull_pieces(const std::vector<std::string_view>& pieces) {
  PullReader reader;
  Pulled out;
  const auto keep = [&](Result<std::vector<PullProgress>> steps) {
    if (!steps) return out.result = fail(steps.error()), false;
    out.steps.insert(out.steps.end(), steps->begin(), steps->end());
    return true;
  };
  for (const std::string_view piece : pieces) {
    if (!keep(reader.feed(piece))) return out;
  }
  keep(reader.finish());
  return out;
}

TEST(OllamaModels, AreReadFromTheListOfTheServer) {
  const auto models = parse_models(tags);
  ASSERT_OK(models);
  ASSERT_EQ(models->size(), 2u);
  EXPECT_EQ((*models)[0], (OllamaModel{.name = "gemma3:latest", .size_bytes = 3338801804, .modified_at = "2025-10-03T23:34:03.409490317-07:00",
                                       .family = "gemma3", .parameters = "4.3B", .quantization = "Q4_K_M"}));
  EXPECT_EQ((*models)[1], (OllamaModel{.name = "qwen3:8b"}));
}

TEST(OllamaModels, AreNoneWhereTheServerHasNone) {
  for (const char* body : {"{\"models\":[]}", "{\"models\":null}"}) {
    const auto models = parse_models(body);
    ASSERT_OK(models) << body;
    EXPECT_TRUE(models->empty());
  }
}

TEST(OllamaModels, RefuseAnAnswerThatIsNoList) {
  for (const char* body : {"", "hello", "[]", "{}", "7", "{\"models\":7}", "<html>"}) {
    EXPECT_THAT(parse_models(body), IsError(ErrorKind::corrupt, HasSubstr("no list of models"))) << body;
  }
}

TEST(OllamaPull, TellsEachStepWhereverTheStreamIsCutInTwo) {
  const std::vector<PullProgress> whole = pull_pieces({pull_lines}).steps;
  ASSERT_EQ(whole.size(), 5u);
  EXPECT_EQ(whole[1], (PullProgress{.status = "pulling dde5aa3fc5ff", .digest = "sha256:dde5aa3fc5ff", .total_bytes = 2142590208, .completed_bytes = 241970}));
  for (std::size_t i = 0; i <= pull_lines.size(); ++i) {
    const Pulled pulled = pull_pieces({std::string_view(pull_lines).substr(0, i), std::string_view(pull_lines).substr(i)});
    ASSERT_OK(pulled.result);
    ASSERT_EQ(pulled.steps, whole) << "cut at " << i;
  }
}

TEST(OllamaPull, IsAnErrorWhenTheStreamEndsAnywhereBeforeSuccess) {
  for (std::size_t i = 0; i < pull_lines.rfind('}'); ++i) {
    EXPECT_THAT(pull_pieces({std::string_view(pull_lines).substr(0, i)}).result, IsError(ErrorKind::corrupt, HasSubstr("ended early"))) << "cut at " << i;
  }
}

TEST(OllamaPull, ReportsAnErrorLine) {
  EXPECT_THAT(pull_pieces({"{\"status\":\"pulling manifest\"}\n{\"error\":\"pull model manifest: file does not exist\"}\n"}).result,
              IsError(ErrorKind::not_found, AllOf(HasSubstr("does not exist"), HasSubstr("ollama.com/library"))));
  EXPECT_THAT(pull_pieces({"{\"error\":\"no space left on device\"}"}).result, IsError(ErrorKind::unavailable, HasSubstr("no space left")));
}

TEST(OllamaPull, RefusesGarbage) {
  for (const char* body : {"hello\n", "[1]\n", "7\n", "\xFF\n"}) EXPECT_THAT(pull_pieces({body}).result, IsError(ErrorKind::corrupt)) << body;
  EXPECT_THAT(pull_pieces({std::string(3'000'000, 'x')}).result, IsError(ErrorKind::corrupt, HasSubstr("a line of more than")));
}

// Answers each request alike and notes it.
class OneAnswer final : public HttpClient {
 public:
  int status = 200;
  std::vector<std::string> pieces;
  std::optional<Error> failure = {};
  std::vector<HttpRequest> requests;

  asio::awaitable<HttpExchange> send(HttpRequest request) override {
    requests.push_back(request);
    HttpResponse response{.status = status, .headers = {{"content-type", "application/x-ndjson"}}, .body = {}, .peer = {}};
    for (const std::string& piece : pieces) {
      if (status != 200 || !request.on_body) {
        response.body += piece;
        continue;
      }
      const Result<void> taken = request.on_body(piece);
      if (!taken) co_return HttpFailure{taken.error()};
    }
    if (failure) co_return HttpFailure{*failure};
    co_return response;
  }
};

class OllamaServerTest : public testing::Test {
 protected:
  OllamaServerTest() {
    environment.getenv = [this](std::string_view name) -> std::optional<std::string> {
      const auto it = variables.find(std::string(name));
      return it != variables.end() ? std::optional(it->second) : std::nullopt;
    };
  }
  Result<void> run_pull(const std::string& model) {
    return run_async(io, pull(environment, model, [this](const PullProgress& step) { told.push_back(step.status); }));
  }
  std::string header_sent(std::string_view name) const {
    for (const auto& [sent, value] : http.requests.at(0).headers) {
      if (sent == name) return value;
    }
    return "absent";
  }

  asio::io_context io;
  OneAnswer http;
  std::map<std::string, std::string> variables;
  ModelEnvironment environment{.executor = io.get_executor(), .http = &http};
  std::vector<std::string> told;
};

TEST_F(OllamaServerTest, IsAskedForItsModels) {
  variables = {{"OLLAMA_HOST", "box:99"}, {"OLLAMA_API_KEY", "key-0123456789"}};
  http.pieces = {tags};
  const auto models = run_async(io, list(environment));
  ASSERT_OK(models);
  EXPECT_EQ(models->size(), 2u);
  EXPECT_EQ(http.requests.at(0).method, "GET");
  EXPECT_EQ(http.requests.at(0).url.text(), "http://box:99/api/tags");
  EXPECT_EQ(header_sent("Authorization"), "absent");
}

TEST_F(OllamaServerTest, GetsTheKeyOverHttpsOnly) {
  variables = {{"OLLAMA_HOST", "ollama.com"}, {"OLLAMA_API_KEY", "key-0123456789"}};
  http.pieces = {tags};
  ASSERT_OK(run_async(io, list(environment)));
  EXPECT_EQ(header_sent("Authorization"), "Bearer key-0123456789");
}

TEST_F(OllamaServerTest, PullsAModelAndTellsOfIt) {
  http.pieces = {pull_lines.substr(0, 50), pull_lines.substr(50)};
  ASSERT_OK(run_pull("llama3.2"));
  EXPECT_EQ(told, (std::vector<std::string>{"pulling manifest", "pulling dde5aa3fc5ff", "verifying sha256 digest", "writing manifest", "success"}));
  EXPECT_EQ(http.requests.at(0).method, "POST");
  EXPECT_EQ(http.requests.at(0).url.text(), "http://127.0.0.1:11434/api/pull");
  EXPECT_EQ(http.requests.at(0).body, "{\"model\":\"llama3.2\",\"stream\":true}");
}

TEST_F(OllamaServerTest, SaysWhyAPullFailed) {
  http.pieces = {"{\"status\":\"pulling manifest\"}\n"};
  EXPECT_THAT(run_pull("m"), IsError(ErrorKind::corrupt, AllOf(HasSubstr("ended early"), HasSubstr("127.0.0.1"))));
  http.pieces = {"{\"error\":\"pull model manifest: file does not exist\"}\n"};
  EXPECT_THAT(run_pull("m"), IsError(ErrorKind::not_found, HasSubstr("does not exist")));
  http.status = 500;
  http.pieces = {"{\"error\":\"registry is down\"}"};
  EXPECT_THAT(run_pull("m"), IsError(ErrorKind::unavailable, HasSubstr("registry is down")));
  EXPECT_THAT(run_pull(""), IsError(ErrorKind::invalid));
}

TEST_F(OllamaServerTest, SaysHowToStartItWhereNobodyListens) {
  http.failure = Error{ErrorKind::unavailable, "connection refused"};
  EXPECT_THAT(run_async(io, list(environment)), IsError(ErrorKind::unavailable, AllOf(HasSubstr("ollama serve"), HasSubstr("127.0.0.1:11434"))));
}

}  // namespace
}  // namespace deed::ollama
