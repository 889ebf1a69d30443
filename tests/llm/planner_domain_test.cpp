// The planner with the real weights on requests of our own tools: tests/data/planner/domain.jsonl
// says what each step should be.
#include "deed/core/text.hpp"
#include "deed/llm/local/local_model.hpp"
#include "deed/llm/local/planner.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/llm/local_model_files.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <set>

namespace deed {
namespace {

const std::string data = std::string(DEED_SOURCE_DIR) + "/tests/data/planner/";

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<ToolDefinition> domain_tools() {
  std::vector<ToolDefinition> result;
  const auto json = parse_json(read_file(data + "tools.json"));
  for (const Json& entry : json.value()) {
    const Json& function = entry["function"];
    result.push_back({.name = function["name"],
                      .description = function["description"],
                      .examples = function.value("examples", std::vector<std::string>()),
                      .parameters = function["parameters"],
                      .changes_world = entry["changes_world"],
                      .asks_user = entry["asks_user"]});
  }
  return result;
}

struct Tally {
  int requests = 0, whole = 0, steps = 0, right_tool = 0, right_call = 0;
  int unwanted_effects = 0;    ///< an effect where reading, or nothing, was asked for
  int wrong_destinations = 0;  ///< a recipient, URL or path other than the one meant
};

bool is_destination(const std::string& name) {
  static const std::set<std::string> names = {"to", "cc", "bcc", "url", "path", "attachments"};
  return names.contains(name);
}

// Plans a request step by step, each with the results that the data gives.
class DomainRun {
 public:
  explicit DomainRun(Scorer& scorer) : planner_(scorer), tools_(domain_tools()) {}

  void run(const Json& row, Tally& tally) {
    ModelRequest request;
    std::string text = row["request"];
    for (const Json& path : row.value("attachments", Json::array()))
      text += "\nAttached file: " + path.get<std::string>();
    request.messages.push_back({.role = Role::user, .text = text});
    request.tools = tools_;
    bool is_whole = true;
    int number = 0;
    for (const Json& step : row["steps"]) {
      is_whole = judge(step, request, tally) && is_whole;
      const std::string id = "call_" + std::to_string(++number);
      request.messages.push_back(
          {.role = Role::assistant, .tool_calls = {{id, step["tool"], step["arguments"]}}});
      request.messages.push_back({.role = Role::tool,
                                  .text = step["result"],
                                  .tool_call_id = id,
                                  .tool_name = step["tool"]});
    }
    const auto last = planner_.next(request);
    is_whole = is_whole && last && std::holds_alternative<Reply>(*last) &&
               std::get<Reply>(*last).stop == StopReason::end;
    tally.whole += is_whole;
    ++tally.requests;
    if (!is_whole) std::cout << "not as meant: " << row["request"] << '\n';
  }

 private:
  bool judge(const Json& want, const ModelRequest& request, Tally& tally) {
    ++tally.steps;
    const auto step = planner_.next(request);
    EXPECT_OK(step);
    if (!step || !std::holds_alternative<Reply>(*step) || std::get<Reply>(*step).tool_calls.empty())
      return false;
    const ToolCall& call = std::get<Reply>(*step).tool_calls[0];
    const bool is_right_tool = call.name == want["tool"];
    tally.right_tool += is_right_tool;
    tally.unwanted_effects += has_effect(call.name) && !has_effect(want["tool"]);
    Json arguments = call.arguments;
    for (const auto& [name, value] : call.arguments.items()) {
      if (is_destination(name) && has_effect(call.name) &&
          want["arguments"].value(name, Json()) != value) {
        ++tally.wrong_destinations;
        std::cout << "  wrong destination: " << to_text(call.arguments) << '\n';
      }
    }
    for (const Json& any : want.value("any", Json::array()))
      arguments.erase(any.get<std::string>());
    const bool is_right = is_right_tool && arguments == want["arguments"];
    if (!is_right) std::cout << "  " << call.name << ' ' << to_text(call.arguments) << '\n';
    tally.right_call += is_right;
    return is_right;
  }
  bool has_effect(const std::string& name) const {
    for (const ToolDefinition& tool : tools_)
      if (tool.name == name) return tool.changes_world;
    return false;
  }

  Planner planner_;
  std::vector<ToolDefinition> tools_;
};

TEST(PlannerDomain, DoesTheChoresOfEverydayRequests) {
  DEED_SKIP_WITHOUT_MODEL();
  auto scorer = open_local_scorer({.path = smollm2_file()});
  if (!scorer && scorer.error().kind == ErrorKind::unsupported)
    GTEST_SKIP() << "built without llama.cpp";
  ASSERT_OK(scorer);
  DomainRun run(**scorer);
  Tally tally;
  const std::string text = read_file(data + "domain.jsonl");
  for (const std::string_view line : split(text, '\n'))
    if (!trim(line).empty()) run.run(parse_json(line).value(), tally);
  std::cout << tally.requests << " requests, " << tally.whole << " whole; " << tally.steps
            << " steps, right tool " << tally.right_tool << ", right call " << tally.right_call
            << '\n';
  EXPECT_GE(tally.requests, 30);
  EXPECT_GE(tally.whole * 100, tally.requests * 90);
  EXPECT_GE(tally.right_tool * 100, tally.steps * 95);
  EXPECT_EQ(tally.unwanted_effects, 0);
  EXPECT_EQ(tally.wrong_destinations, 0);
}

}  // namespace
}  // namespace deed
