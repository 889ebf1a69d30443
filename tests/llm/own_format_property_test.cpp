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

ToolList tools() {
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
  for (const ToolDefinition& tool : tools()) {
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

// Lets a model of chance with that template reply until it has made so many calls, or has tried so often.
std::size_t calls_made(const std::string& name, std::uint64_t seed, std::size_t wanted, std::size_t replies) {
  const Family one = family(name);
  const auto path = std::filesystem::temp_directory_path() / ("deed-own-" + std::to_string(getpid()) + "-" + name + ".gguf");
  RandomGguf model(seed, {"file", "read"});
  model.chat(one.jinja, marks());
  model.write(path);
  static const StopSignal never;
  auto engine = LlamaEngine::load({.path = path.string(), .max_context = 8192}, never);
  std::filesystem::remove(path);
  EXPECT_OK(engine);
  if (!engine) return 0;
  auto chat = ChatTemplate::read((*engine)->chat_source());
  EXPECT_OK(chat);
  if (!chat) return 0;
  Speaker speaker(seed);
  std::size_t calls = 0;
  for (std::size_t round = 0; round < replies && calls < wanted && !testing::Test::HasFatalFailure(); ++round) {
    ModelRequest request{.tools = tools(), .max_tokens = 160, .temperature = 1.0, .seed = static_cast<std::int64_t>(round)};
    if (round % 4 != 0) request.tool_choice.mode = ToolCalling::Mode::required;
    std::string said = speaker.words();
    request.messages.push_back({.role = Role::user, .text = said});
    const auto reply = reply_in_own_format(**engine, **chat, request, {});
    EXPECT_OK(reply);
    if (!reply) break;
    for (const ToolCall& call : reply->tool_calls) check(call, said);
    calls += reply->tool_calls.size();
  }
  return calls;
}

std::size_t wanted_calls(std::size_t otherwise) {
  const char* asked = std::getenv("DEED_PROPERTY_CALLS");
  return asked != nullptr ? std::stoul(asked) : otherwise;
}

TEST(OwnFormatProperty, ModelsOfRandomWeightsMakeOnlyCallsThatFitAndCopyWhereTheyGo) {
  std::uint64_t seed = 1;
  for (const char* name : {"qwen2.5", "llama3.2", "mistral-nemo", "qwen3-coder"}) {
    const std::size_t wanted = wanted_calls(40);
    const std::size_t made = calls_made(name, ++seed, wanted, 8 * wanted);
    EXPECT_GE(made, wanted) << name;
    std::cout << name << ": " << made << " calls\n";
  }
}

// Its grammar holds no schema: what does not fit is never a call.
TEST(OwnFormatProperty, AFormatWhoseGrammarHoldsNoSchemaIsChecked) { (void)calls_made("gemma4", 9, wanted_calls(20), 40); }

}  // namespace
}  // namespace deed
#endif
