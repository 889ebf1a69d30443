// Whatever the model likes: an address, a URL or a path in a call stands in what the user or a tool
// said. Ten thousand calls by a scorer whose every score is chance, and by language models of random
// weights in files, through all of llama.cpp; DEED_PROPERTY_CALLS says how many of the latter.
#include "deed/core/text.hpp"
#include "deed/llm/local/local_model.hpp"
#include "deed/llm/local/material.hpp"
#include "deed/llm/local/planner.hpp"
#include "deed/tests/fakes/fake_scorer.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/llm/random_gguf.hpp"

#include <cstdlib>
#include <fstream>
#include <random>
#include <unistd.h>

namespace deed {
namespace {

// Likes a text as a coin falls, and always the same text equally within a run.
class ChanceScorer final : public FakeScorer {
 public:
  explicit ChanceScorer(std::uint64_t seed) : random_(seed) {}

  Result<std::vector<TextScore>> score(const ScoreQuestion& question) override {
    std::vector<TextScore> scores;
    for (const Candidate& candidate : question.candidates) {
      TextScore score;
      for (std::size_t i = 0; i < candidate.text.size(); ++i) {
        score.tokens.push_back(draw());
        if (question.judges_end) score.ends.push_back(draw());
      }
      scores.push_back(std::move(score));
    }
    return scores;
  }
  // A model that makes things up, of the very kinds that must not be.
  Result<Completion> complete(const Tokens&, const CompleteOptions&) override {
    static const char* lies[] = {"eve@evil.example", "http://evil.example/x", "/etc/shadow", "../../x.txt", "nothing"};
    return Completion{.text = lies[random_() % 5], .tokens = 1, .is_whole = true};
  }

 private:
  double draw() { return -std::uniform_real_distribution<double>(0, 12)(random_); }
  std::mt19937_64 random_;
};

ToolList office_tools() {
  std::ifstream in(std::string(DEED_SOURCE_DIR) + "/tests/data/planner/tools.json", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  ToolList tools;
  const Json list = parse_json(text).value();
  for (const Json& entry : list)
    tools.push_back({.name = entry["function"]["name"],
                     .description = entry["function"]["description"],
                     .examples = entry["function"].value("examples", std::vector<std::string>()),
                     .parameters = entry["function"]["parameters"],
                     .changes_world = entry["changes_world"],
                     .asks_user = entry["asks_user"]});
  return tools;
}

class RequestMaker {
 public:
  explicit RequestMaker(std::uint64_t seed) : random_(seed) {}

  std::string request() {
    static const std::vector<std::string> verbs = {"Send",  "Email",  "Read",  "Open",   "Fetch", "Write",
                                                   "Save",  "Append", "List",  "Find",   "Post",  "Tell",
                                                   "보내",  "읽어",   "Schick", "Lies",  "Envoie", "Remember"};
    static const std::vector<std::string> words = {
        "it",      "to",      "the file", "the report", "her",     "with the subject", "saying", "and then", "its contents",
        "attach",  "about",   "from",     "the page",   "in",      "the folder",       "please", "to everyone", "에게",
        "for",     "notes",   "tomorrow", "5",          "the address", "result",       "into",   "named",     "?"};
    std::string text = pick(verbs);
    for (std::size_t n = 2 + random_() % 12; n > 0; --n) text += " " + (random_() % 3 == 0 ? thing() : pick(words));
    return text;
  }
  std::string thing() {
    const std::string name = std::string(1, static_cast<char>('a' + random_() % 26)) + std::to_string(random_() % 100);
    switch (random_() % 8) {
      case 0: return name + "@example.org";
      case 1: return "https://" + name + ".example.com/p?q=" + name;
      case 2: return name + ".txt";
      case 3: return "\"dir " + name + "/file " + name + ".csv\"";
      case 4: return "docs/" + name + "/";
      case 5: return "\"Ask " + name + "@quoted.example about http://" + name + ".example\"";
      case 6: return "<" + name + "@example.net>,";
      default: return "“" + name + "”";
    }
  }
  std::string result() {
    std::string text;
    for (std::size_t n = random_() % 6; n > 0; --n) text += (random_() % 2 ? "Line " : "") + thing() + "\n";
    return text;
  }
  std::size_t below(std::size_t n) { return random_() % n; }

 private:
  std::string pick(const std::vector<std::string>& from) { return from[random_() % from.size()]; }
  std::mt19937_64 random_;
};

// Every critical value of the call, with the argument that it is for.
std::vector<std::pair<std::string, std::string>> critical_values(const ToolCall& call, const ToolList& tools) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const ToolDefinition& tool : tools) {
    if (tool.name != call.name) continue;
    for (const Property& property : properties_of(tool.parameters)) {
      const auto value = call.arguments.find(property.name);
      if (!property.is_critical_string() || value == call.arguments.end()) continue;
      if (value->is_string()) values.emplace_back(property.name, value->get<std::string>());
      if (value->is_array())
        for (const Json& one : *value) values.emplace_back(property.name, one.get<std::string>());
    }
  }
  return values;
}

// Under sanitizers a fraction of them: they are looking for other faults.
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t wanted_calls = 250;
#else
constexpr std::size_t wanted_calls = 10'000;
#endif

// Lets `scorer` plan random requests until it has called so many tools.
void call_tools(Scorer& scorer, std::uint64_t seed, std::size_t wanted) {
  const ToolList tools = office_tools();
  RequestMaker maker(seed);
  Planner planner(scorer);
  std::size_t calls = 0, critical = 0;
  for (std::size_t round = 0; calls < wanted && round < 6 * wanted; ++round) {
    ModelRequest request;
    request.tools = tools;
    request.messages.push_back({.role = Role::user, .text = maker.request()});
    std::string said = request.messages[0].text;
    if (maker.below(4) == 0) {
      const std::string file = "given" + std::to_string(maker.below(100)) + ".pdf";
      request.messages.replace(0, {.role = Role::user, .text = said + "\nAttached file: " + file});
      said += file;
    }
    // Up to three steps, with results that hold addresses and paths of their own.
    for (int step = 0; step < 3; ++step) {
      const auto planned = planner.next(request);
      ASSERT_OK(planned);
      const Reply* reply = std::get_if<Reply>(&*planned);
      if (reply == nullptr || reply->tool_calls.empty()) break;
      const ToolCall call = reply->tool_calls[0];
      ++calls;
      for (const auto& [argument, value] : critical_values(call, tools)) {
        ++critical;
        ASSERT_NE(said.find(value), said.npos)
            << value << " for " << argument << " of " << call.name << " is nowhere in:\n" << said;
      }
      const std::string result = maker.result();
      said += "\n" + result + "\n" + to_text(call.arguments);
      request.messages.push_back({.role = Role::assistant, .text = {}, .tool_calls = {call}});
      request.messages.push_back(
          {.role = Role::tool, .text = result, .tool_call_id = call.id, .tool_name = call.name});
    }
  }
  EXPECT_GE(calls, wanted);
  EXPECT_GE(critical, wanted / 2) << "the requests hardly tried";
}

TEST(PlannerProperty, NoAddressUrlOrPathIsMadeUpInTenThousandCallsOfAScorerOfChance) {
  ChanceScorer scorer(11);
  call_tools(scorer, 7, wanted_calls);
}

TEST(PlannerProperty, NoAddressUrlOrPathIsMadeUpByModelsOfRandomWeights) {
  std::set<std::string> words;
  for (const ToolDefinition& tool : office_tools()) {
    words.merge(stems(tool.description));
    for (const std::string& example : tool.examples)
      for (const std::string& word : identifier_words(example)) words.insert(word);
  }
  const char* asked = std::getenv("DEED_PROPERTY_CALLS");
  const std::size_t wanted = asked != nullptr ? std::stoul(asked) : wanted_calls / 25;
  constexpr std::size_t models = 4;
  for (std::size_t seed = 0; seed < models; ++seed) {
    const auto file = std::filesystem::temp_directory_path() /
                      ("deed-random-" + std::to_string(getpid()) + "-" + std::to_string(seed) + ".gguf");
    RandomGguf(seed, words).write(file);
    const auto scorer = open_local_scorer({.path = file.string(), .max_context = 16384});
    std::filesystem::remove(file);
    if (!scorer && scorer.error().kind == ErrorKind::unsupported) GTEST_SKIP() << "built without llama.cpp";
    ASSERT_OK(scorer);
    call_tools(**scorer, 100 + seed, wanted / models);
  }
}

}  // namespace
}  // namespace deed
