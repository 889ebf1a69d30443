#include "deed/llm/providers.hpp"
#include "deed/llm/media.hpp"
#include "deed/llm/model_table.hpp"

#include "deed/core/text.hpp"
#include "deed/net/http.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_async.hpp"
#include "deed/tests/llm/opened_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace deed {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ProvidersTest : public testing::Test {
 protected:
  ModelEnvironment environment() {
    ModelEnvironment out{.executor = io.get_executor(), .http = &http};
    out.models = own_models;
    out.getenv = [this](std::string_view name) -> std::optional<std::string> {
      const auto it = variables.find(std::string(name));
      return it != variables.end() ? std::optional(it->second) : std::nullopt;
    };
    return out;
  }
  Result<std::unique_ptr<Model>> open(const std::string& name) {
    return open_model(name, environment());
  }

  // The request that the model of this name makes.
  HttpRequest request_of(const std::string& name) {
    auto model = open(name);
    EXPECT_OK(model);
    if (!model) return {.url = HttpUrl::parse("http://none/").value()};
    ModelRequest request{.messages = {{.text = "x"}}};
    (void)run_async(io, (*model)->generate(std::move(request), {}));
    return http.requests.back();
  }
  static std::string authorization(const HttpRequest& request) {
    for (const auto& [name, value] : request.headers) {
      if (name == "Authorization") return value;
    }
    return {};
  }

  asio::io_context io;
  NotingHttp http;
  std::map<std::string, std::string> variables;
  std::vector<ModelRow> own_models;
};

TEST_F(ProvidersTest, FindTheCompletionsOfAnAddress) {
  struct Case {
    const char* name;
    const char* url;
  };
  const Case cases[] = {
      {"http://127.0.0.1:8080#m", "http://127.0.0.1:8080/v1/chat/completions"},
      {"http://127.0.0.1:8080/#m", "http://127.0.0.1:8080/v1/chat/completions"},
      {"http://127.0.0.1:8080/v1#m", "http://127.0.0.1:8080/v1/chat/completions"},
      {"https://openrouter.ai/api/v1/#m", "https://openrouter.ai/api/v1/chat/completions"},
      {"HTTPS://example.org/v1/chat/completions#m", "https://example.org/v1/chat/completions"},
      {"https://example.org/x?api-version=2#m",
       "https://example.org/x/chat/completions?api-version=2"},
  };
  for (const Case& c : cases) EXPECT_EQ(request_of(c.name).url.text(), c.url);
}

TEST_F(ProvidersTest, TakeTheModelBehindTheHashWhateverItHolds) {
  EXPECT_THAT(request_of("http://127.0.0.1#qwen3:8b").body, HasSubstr("\"model\":\"qwen3:8b\""));
  EXPECT_THAT(request_of("http://127.0.0.1#org/name#x").body,
              HasSubstr("\"model\":\"org/name#x\""));
}

TEST_F(ProvidersTest, OpenOpenaiWithItsKey) {
  variables = {{"OPENAI_API_KEY", " sk-openai \n"}};
  const HttpRequest request = request_of("openai:gpt-5-mini");
  EXPECT_EQ(request.url.text(), "https://api.openai.com/v1/responses");
  EXPECT_EQ(authorization(request), "Bearer sk-openai");
  EXPECT_THAT(request.body, AllOf(HasSubstr("\"model\":\"gpt-5-mini\""), HasSubstr("\"max_output_tokens\":")));
}

TEST_F(ProvidersTest, SpeakChatCompletionsToOpenaiWhereTheyAreAskedToOrAModelHasNothingElse) {
  variables = {{"OPENAI_API_KEY", "sk-openai"}};
  for (const char* name : {"openai-chat:gpt-5-mini", "openai:gpt-4o-audio-preview", "openai:gpt-audio"}) {
    const HttpRequest request = request_of(name);
    EXPECT_EQ(request.url.text(), "https://api.openai.com/v1/chat/completions") << name;
    EXPECT_THAT(request.body, HasSubstr("\"max_completion_tokens\":"));
  }
}

TEST_F(ProvidersTest, SpeakResponsesToAnotherServerWhereTheyAreAskedTo) {
  variables = {{"OPENAI_BASE_URL", "http://127.0.0.1:9"}};
  EXPECT_EQ(request_of("openai-responses:m").url.text(), "http://127.0.0.1:9/v1/responses");
}

TEST_F(ProvidersTest, TellOpenaiWhoseAccountItIs) {
  variables = {{"OPENAI_API_KEY", "k"}, {"OPENAI_ORG_ID", "org-1"}, {"OPENAI_PROJECT_ID", "proj-1"}};
  for (const char* name : {"openai:gpt-5", "openai-chat:gpt-5"}) {
    const HttpRequest request = request_of(name);
    EXPECT_THAT(request.headers, testing::Contains(testing::Pair("OpenAI-Organization", "org-1"))) << name;
    EXPECT_THAT(request.headers, testing::Contains(testing::Pair("OpenAI-Project", "proj-1"))) << name;
  }
}

TEST_F(ProvidersTest, RefuseSoundsBeforeAnythingIsSentWhereTheApiHasNone) {
  variables = {{"OPENAI_API_KEY", "k"}, {"ANTHROPIC_API_KEY", "k"}};
  for (const char* name : {"openai:gpt-5", "openai:an-unknown-model", "openai-responses:an-unknown-model", "anthropic:claude-sonnet-4-5",
                           "anthropic:an-unknown-model", "ollama:llava"}) {
    auto model = open(name);
    ASSERT_OK(model);
    Message message{.text = "Listen"};
    message.media.push_back(make_media("a.mp3", "ID3").value());
    ModelRequest request;
    request.messages.push_back(std::move(message));
    EXPECT_THAT(run_async(io, (*model)->generate(std::move(request), {})), IsError(ErrorKind::unsupported, HasSubstr("takes no sounds"))) << name;
  }
  EXPECT_TRUE(http.requests.empty());
}

TEST_F(ProvidersTest, OpenOllamaOnThisMachineWithoutAKey) {
  const HttpRequest request = request_of("ollama:qwen3:8b");
  EXPECT_EQ(request.url.text(), "http://127.0.0.1:11434/api/chat");
  EXPECT_EQ(authorization(request), "");
  EXPECT_THAT(request.body, AllOf(HasSubstr("\"model\":\"qwen3:8b\""), HasSubstr("\"truncate\":false")));
}

TEST_F(ProvidersTest, OpenOllamaWhereItsOwnVariableSays) {
  variables = {{"OLLAMA_HOST", "box:99"}, {"OLLAMA_API_KEY", "k-0123456789"}};
  EXPECT_EQ(request_of("ollama:m").url.text(), "http://box:99/api/chat");
  EXPECT_EQ(authorization(request_of("ollama:m")), "");
  variables["OLLAMA_HOST"] = "ollama.com";
  EXPECT_EQ(request_of("ollama:gpt-oss:120b").url.text(), "https://ollama.com:443/api/chat");
  EXPECT_EQ(authorization(request_of("ollama:gpt-oss:120b")), "Bearer k-0123456789");
}

TEST_F(ProvidersTest, AskOllamaForTheWindowThatTheRunCountsWith) {
  const auto window = [&] {
    auto model = open("ollama:mistral-small");
    EXPECT_OK(model);
    return model ? (*model)->info().context_window : 0;
  };
  EXPECT_EQ(window(), 16'384);
  EXPECT_THAT(request_of("ollama:mistral-small").body, HasSubstr("\"num_ctx\":16384"));
  variables = {{"OLLAMA_CONTEXT_LENGTH", "8192"}};
  EXPECT_EQ(window(), 8192);
  EXPECT_THAT(request_of("ollama:mistral-small").body, HasSubstr("\"num_ctx\":8192"));
  own_models = {{.prefix = "mistral", .context_window = 32'768}};
  EXPECT_EQ(window(), 32'768);
  EXPECT_THAT(request_of("ollama:mistral-small").body, HasSubstr("\"num_ctx\":32768"));
  EXPECT_THAT(request_of("ollama:gpt-oss:120b-cloud").body, testing::Not(HasSubstr("num_ctx")));
}

TEST_F(ProvidersTest, OpenAnotherServerByOpenaiBaseUrlWithoutAKey) {
  variables = {{"OPENAI_BASE_URL", "http://127.0.0.1:9/v1"}};
  const HttpRequest request = request_of("openai:m");
  EXPECT_EQ(request.url.text(), "http://127.0.0.1:9/v1/chat/completions");
  EXPECT_EQ(authorization(request), "");
  EXPECT_THAT(request.body, HasSubstr("\"max_tokens\":"));
}

TEST_F(ProvidersTest, SayThatOpenaiNeedsAKey) {
  EXPECT_THAT(open("openai:gpt-5"), IsError(ErrorKind::denied, HasSubstr("set OPENAI_API_KEY")));
}

TEST_F(ProvidersTest, PreferDeedsOwnKeyForAnAddress) {
  variables = {{"OPENAI_API_KEY", "sk-openai"}};
  EXPECT_EQ(authorization(request_of("https://example.org#m")), "Bearer sk-openai");
  variables["DEED_API_KEY"] = "sk-deed";
  EXPECT_EQ(authorization(request_of("https://example.org#m")), "Bearer sk-deed");
  EXPECT_EQ(authorization(request_of("http://example.org#m")), "");
}

TEST_F(ProvidersTest, RefuseNamesThatMeanNothing) {
  variables = {{"OPENAI_API_KEY", "k"}};
  for (const char* name : {"", "gpt-5", "claude:x", ":x", "ftp://example.org#m"}) {
    EXPECT_THAT(open(name), IsError(ErrorKind::invalid, HasSubstr("openai:NAME"))) << name;
  }
  for (const char* name :
       {"openai:", "https://example.org", "https://example.org#", "https://example.org#a\nb"}) {
    EXPECT_THAT(open(name), IsError(ErrorKind::invalid, HasSubstr("#NAME"))) << name;
  }
  for (const char* name : {"https://#m", "https://user:pw@example.org#m", "http:x#m"}) {
    EXPECT_THAT(open(name), IsError(ErrorKind::invalid, HasSubstr("URL"))) << name;
  }
}

TEST_F(ProvidersTest, KnowTheWindowsOfCommonModelsAndAssume128kElsewhere) {
  EXPECT_EQ(model_info("", "gpt-4").context_window, 8192);
  EXPECT_EQ(model_info("", "gpt-4o-mini-2024-07-18").context_window, 128'000);
  EXPECT_EQ(model_info("", "openai/GPT-4.1-mini").context_window, 1'047'576);
  EXPECT_EQ(model_info("", "whatever").context_window, 128'000);
  auto model = open("http://127.0.0.1#gpt-5");
  ASSERT_OK(model);
  EXPECT_EQ((*model)->info().context_window, 400'000);
  EXPECT_EQ((*model)->info().name, "http://127.0.0.1#gpt-5");
}

// What the row names is blacked out in the journal; a key from elsewhere would not be.
TEST_F(ProvidersTest, TakeTheirKeysFromTheVariablesOfTheirRows) {
  for (const Provider& row : providers()) {
    for (const std::string_view variable : split(row.keys, ' ')) {
      if (variable.empty()) continue;
      variables = {{std::string(variable), "key-of-the-row"}};
      const bool is_url = row.scheme.starts_with("http");
      const HttpRequest request = request_of(is_url ? std::string(row.scheme) + "://127.0.0.1#m" : std::string(row.scheme) + ":m");
      const auto is_key = [](const auto& header) { return header.second.find("key-of-the-row") != std::string::npos; };
      EXPECT_TRUE(std::any_of(request.headers.begin(), request.headers.end(), is_key)) << row.scheme << " " << variable;
    }
  }
}

TEST_F(ProvidersTest, HaveOneRowASchemeWithItsForm) {
  for (const Provider& row : providers())
    EXPECT_TRUE(row.form.starts_with(row.scheme)) << row.scheme;
}

}  // namespace
}  // namespace deed
