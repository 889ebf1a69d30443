// Whatever the weights are: a model that answers in its own format makes only calls that fit the tools' schemas, and the addresses,
// URLs and paths in them stand in the conversation. Models of random weights with real chat templates, through all of llama.cpp;
// DEED_PROPERTY_CALLS says how many calls.
#ifdef DEED_LLAMA_TEMPLATES
#include "deed/core/schema.hpp"
#include "deed/llm/local/llama_own_format.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/llm/chat_templates.hpp"
#include "deed/tests/llm/random_gguf.hpp"

#include <cstdlib>
#include <filesystem>
#include <random>
#include <unistd.h>

namespace deed {
namespace {

ToolList offered_tools() {
  return {
      {.name = "file.read",
       .description = "Read a file.",
       .parameters = parse_json(R"({"type": "object", "required": ["path"], "additionalProperties": false, "properties": {
          "path": {"type": "string", "format": "path"}, "offset": {"type": "integer", "minimum": 0, "maximum": 99}}})")
                         .value(),
       .copied = {"path"}},
      {.name = "email.send",
       .description = "Send a mail.",
       .parameters = parse_json(R"({"type": "object", "required": ["to", "urgent"], "additionalProperties": false, "properties": {
          "to": {"type": "array", "minItems": 1, "items": {"type": "string", "format": "email"}}, "urgent": {"type": "boolean"},
          "subject": {"type": "string", "maxLength": 6}}})")
                         .value(),
       .changes_world = true,
       .copied = {"to"}},
      {.name = "http.get",
       .description = "Fetch a page.",
       .parameters = parse_json(R"({"type": "object", "required": ["url", "as"], "additionalProperties": false, "properties": {
          "url": {"type": "string", "format": "uri"}, "as": {"enum": ["text", "html"]}}})")
                         .value(),
       .copied = {"url"}},
      {.name = "time.now", .description = "The time.", .parameters = {{"type", "object"}, {"properties", Json::object()}}},
  };
}

class Speaker {
 public:
  explicit Speaker(std::uint64_t seed) : random_(seed) {}
  std::string thing() {
    const std::string name = std::string(1, static_cast<char>('a' + random_() % 26)) + std::to_string(random_() % 90 + 10);
    switch (random_() % 4) {
      case 0: return name + "@example.org";
      case 1: return "https://" + name + ".example.com/p";
      case 2: return name + ".txt";
      default: return "nothing";
    }
  }
  std::string words() {
    std::string text = "Do";
    for (std::size_t n = random_() % 4; n > 0; --n) text += " it with " + thing();
    return text;
  }
  std::size_t below(std::size_t n) { return random_() % n; }

 private:
  std::mt19937_64 random_;
};

void texts_of(const Json& value, std::vector<std::string>& out) {
  if (value.is_string()) out.push_back(value.get<std::string>());
  if (value.is_structured())
    for (const Json& item : value) texts_of(item, out);
}

void check(const ToolCall& call, const std::string& said) {
  for (const ToolDefinition& tool : offered_tools()) {
    if (tool.name != call.name) continue;
    const auto schema = Schema::compile(tool.parameters);
    ASSERT_OK(schema);
    const auto issues = schema->check(call.arguments);
    ASSERT_TRUE(issues.empty()) << to_text(call.arguments) << ": " << issues[0].path << " " << issues[0].what;
    std::vector<std::string> copied;
    for (const std::string& name : tool.copied)
      if (call.arguments.contains(name)) texts_of(call.arguments[name], copied);
    for (const std::string& text : copied) ASSERT_NE(said.find(text), said.npos) << text << " is nowhere in:\n" << said;
    return;
  }
  FAIL() << "there is no tool " << call.name;
}

// The texts of which calls are made, so that weights of chance come upon them.
std::set<std::string> marks() {
  return {"<tool_call>", "<tool_call>\n", "[TOOL_CALLS]", "<|tool_call>", "{\"name\": \"", "\"", "{\"", "</tool_call>", "\n"};
}

// A model of chance with the template of a family.
class ChanceModel {
 public:
  ChanceModel(const std::string& name, std::uint64_t seed) {
    const auto path = std::filesystem::temp_directory_path() / ("deed-own-" + std::to_string(getpid()) + "-" + name + ".gguf");
    RandomGguf model(seed, {"file", "read"});
    model.chat(family(name).jinja, marks());
    model.write(path);
    static const StopSignal never;
    engine_ = LlamaEngine::load({.path = path.string(), .max_context = 8192}, never).value();
    std::filesystem::remove(path);
    chat_ = ChatTemplate::read(engine_->chat_source()).value();
  }
  Result<Reply> ask(const ModelRequest& request, const std::function<void(const StreamEvent&)>& tell = {}) {
    return reply_in_own_format(*engine_, *chat_, request, tell);
  }

 private:
  std::unique_ptr<LlamaEngine> engine_;
  std::unique_ptr<ChatTemplate> chat_;
};

ModelRequest request_saying(std::string text) {
  ModelRequest request{.tools = offered_tools(), .max_tokens = 160, .temperature = 1.0, .seed = 5};
  request.messages.push_back({.role = Role::user, .text = std::move(text)});
  return request;
}

// Lets a model reply until it has made so many calls, or has tried so often.
std::size_t calls_made(const std::string& name, std::uint64_t seed, std::size_t wanted, std::size_t replies) {
  ChanceModel model(name, seed);
  Speaker speaker(seed);
  std::size_t calls = 0;
  for (std::size_t round = 0; round < replies && calls < wanted && !testing::Test::HasFatalFailure(); ++round) {
    ModelRequest request{.tools = offered_tools(), .max_tokens = 160, .temperature = 1.0, .seed = static_cast<std::int64_t>(round)};
    if (round % 4 != 0) request.tool_choice.mode = ToolCalling::Mode::required;
    std::string said = speaker.words();
    request.messages.push_back({.role = Role::user, .text = said});
    const auto reply = model.ask(request);
    EXPECT_OK(reply);
    if (!reply) break;
    for (const ToolCall& call : reply->tool_calls) check(call, said);
    calls += reply->tool_calls.size();
  }
  return calls;
}

std::size_t calls_to_make(std::size_t otherwise) {
  const char* asked = std::getenv("DEED_PROPERTY_CALLS");
  return asked != nullptr ? std::stoul(asked) : otherwise;
}

TEST(OwnFormatProperty, ModelsOfRandomWeightsMakeOnlyCallsThatFitAndCopyWhereTheyGo) {
  std::uint64_t seed = 1;
  for (const char* name : {"qwen2.5", "llama3.2", "mistral-nemo", "qwen3-coder"}) {
    const std::size_t wanted = calls_to_make(40);
    const std::size_t made = calls_made(name, ++seed, wanted, 8 * wanted);
    EXPECT_GE(made, wanted) << name;
    std::cout << name << ": " << made << " calls\n";
  }
}

// Its grammar holds no schema: what does not fit is never a call.
TEST(OwnFormatProperty, AFormatWhoseGrammarHoldsNoSchemaIsChecked) { (void)calls_made("gemma4", 9, calls_to_make(20), 40); }

TEST(OwnFormat, CallsOnlyTheToolThatIsNamedAndNoneWhereNoneMayBe) {
  ChanceModel model("qwen2.5", 3);
  ModelRequest request = request_saying("Read a.txt, fetch https://example.org and mail ann@example.org");
  request.tool_choice = {ToolCalling::Mode::named, "http.get"};
  std::size_t calls = 0;
  for (std::int64_t seed = 0; seed < 12; ++seed) {
    request.seed = seed;
    const auto reply = model.ask(request);
    ASSERT_OK(reply);
    for (const ToolCall& call : reply->tool_calls) EXPECT_EQ(call.name, "http.get");
    calls += reply->tool_calls.size();
  }
  EXPECT_GT(calls, 0u);
  request.tool_choice = {.mode = ToolCalling::Mode::none};
  const auto words = model.ask(request);
  ASSERT_OK(words);
  EXPECT_TRUE(words->tool_calls.empty());
}

TEST(OwnFormat, WhereACallIsRequiredAndNothingWasGivenItRefuses) {
  ModelRequest request = request_saying("Read it");
  request.tool_choice = {ToolCalling::Mode::named, "http.get"};
  const auto reply = ChanceModel("qwen2.5", 3).ask(request);
  ASSERT_OK(reply);
  EXPECT_EQ(reply->stop, StopReason::refused);
  EXPECT_TRUE(reply->tool_calls.empty());
}

TEST(OwnFormat, TellsWordsAndCallsAsTheyAreAndTheSameSeedSaysTheSame) {
  ChanceModel model("qwen2.5", 4);
  ModelRequest request = request_saying("Read a.txt");
  for (std::int64_t seed = 0; seed < 6; ++seed) {
    request.seed = seed;
    request.tool_choice.mode = seed % 2 == 0 ? ToolCalling::Mode::required : ToolCalling::Mode::automatic;
    std::string text;
    std::vector<std::string> names;
    const auto reply = model.ask(request, [&](const StreamEvent& event) {
      if (const auto* words = std::get_if<TextDelta>(&event)) text += words->text;
      if (const auto* call = std::get_if<ToolCallDelta>(&event)) names.push_back(call->name);
    });
    ASSERT_OK(reply);
    EXPECT_EQ(text, reply->text);
    ASSERT_EQ(names.size(), reply->tool_calls.size());
    const auto again = model.ask(request);
    ASSERT_OK(again);
    EXPECT_EQ(again->text, reply->text);
    EXPECT_EQ(again->tool_calls, reply->tool_calls);
  }
}

TEST(OwnFormat, ReadsOnlyWhatIsNewInTheNextStep) {
  ChanceModel model("qwen2.5", 5);
  ModelRequest request = request_saying("Read a.txt");
  const auto first = model.ask(request);
  ASSERT_OK(first);
  EXPECT_EQ(first->usage.cached, 0);
  request.messages.push_back({.role = Role::assistant, .tool_calls = {{.id = "call_1", .name = "file.read", .arguments = {{"path", "a.txt"}}}}});
  request.messages.push_back({.role = Role::tool, .text = "Hello", .tool_call_id = "call_1", .tool_name = "file.read"});
  const auto second = model.ask(request);
  ASSERT_OK(second);
  EXPECT_GT(second->usage.input, first->usage.input);
  EXPECT_GT(second->usage.cached, first->usage.input * 9 / 10);
}

TEST(OwnFormat, AnswersInAResponseSchema) {
  ChanceModel model("qwen2.5", 6);
  ModelRequest request = request_saying("Which?");
  request.tools = {};
  request.response_schema = parse_json(R"({"type": "object", "required": ["is_so", "which"], "additionalProperties": false,
    "properties": {"is_so": {"type": "boolean"}, "which": {"enum": ["this", "that"]}}})").value();
  const auto reply = model.ask(request);
  ASSERT_OK(reply);
  const auto value = parse_json(reply->text);
  ASSERT_OK(value);
  EXPECT_TRUE(Schema::compile(*request.response_schema)->check(*value).empty()) << reply->text;
}

}  // namespace
}  // namespace deed
#endif
