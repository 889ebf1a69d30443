// What the planner of the embedded model sees in rows of requests and tools, and what it would call:
// the input of scripts/fit_planner.py. A row is {"id", "request", "tools": [function objects]} and
// perhaps "want" (the tool meant, null for none), "step" (0 is the first), "past" (the calls before it
// with their results), "attachments". A line of output is the row's id and want, and for each tool its
// evidence and, for the likelier ones, the call. Runs nothing.
#include "tool_rows.hpp"

#include "deed/llm/local/form.hpp"
#include "deed/llm/local/lead_in.hpp"
#include "deed/llm/local/local_model.hpp"
#include "deed/llm/local/plan.hpp"
#include "deed/llm/local/planner.hpp"
#include "deed/llm/local/tool_choice.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string>

namespace deed::bench {
namespace {

// The tools whose call is worth its time: those that some weights may come to choose.
constexpr std::size_t calls_of = 2;

Json evidence_to_json(const ToolEvidence& e) {
  return {{"channel", e.channel},
          {"above_other", e.above_other},
          {"verb_above_other", e.verb_above_other},
          {"name_tie", e.name_tie},
          {"own_said", e.own_said},
          {"name_said", e.name_said},
          {"heard", e.heard},
          {"verb_heard", e.verb_heard},
          {"missing", e.missing},
          {"missing_all", e.missing_all},
          {"referred", e.referred},
          {"no_text", e.no_text},
          {"vague_text", e.vague_text},
          {"outside", e.outside},
          {"unused", e.unused},
          {"wrong_shape", e.wrong_shape},
          {"unused_text", e.unused_text},
          {"taken", e.taken},
          {"missing_numbers", e.missing_numbers},
          {"spare_numbers", e.spare_numbers},
          {"enum_said", e.enum_said}};
}

// The clause of the row's step (0 if it says none), as the planner cuts the request.
std::string clause_of(const Json& row, const ToolList& tools) {
  const auto plan = plan_of(row.at("request"), tools);
  std::size_t step = row.value("step", std::size_t{0});
  const Lexicon lexicon(tools);
  for (std::size_t i = 0; i < plan.size() && i <= step; ++i)
    if (is_lead_in(plan, i, lexicon)) ++step;
  return step < plan.size() ? plan[step] : row.at("request").get<std::string>();
}

Json call_for(Scorer& scorer, const ClauseStep& step, const ToolDefinition& tool) {
  Form form(scorer, step, tool);
  const auto filled = form.fill();
  if (!filled) return {{"error", to_string(filled.error())}};
  if (const auto* missing = std::get_if<MissingArgument>(&*filled))
    return {{"missing", missing->name}};
  return {{"arguments", std::get<FilledCall>(*filled).arguments}};
}

Result<Json> look_at(Scorer& scorer, ToolChooser& chooser, const Json& row) {
  const ToolList tools = tools_of(row.at("tools"));
  ClauseStep step{.clause = clause_of(row, tools)};
  for (const Json& past : row.value("past", Json::array()))
    step.past.push_back({.tool = past.at("tool"),
                         .arguments = past.at("arguments"),
                         .result = past.at("result"),
                         .changes_world = past.value("changes_world", false)});
  for (const Json& path : row.value("attachments", Json::array())) step.attachments.push_back(path);
  DEED_TRY(const ToolLook look, chooser.look(step, tools));
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < tools.size(); ++i)
    if (!tools[i].asks_user && look.asked[i]) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return look.tools[a].channel > look.tools[b].channel;
  });
  if (order.size() > calls_of) order.resize(calls_of);
  Json out = {{"id", row.at("id")}, {"clause", step.clause}, {"want", row.value("want", Json())}, {"tools", Json::array()}};
  for (std::size_t i = 0; i < tools.size(); ++i) {
    if (!look.asked[i]) continue;
    Json tool = {{"name", tools[i].name},
                 {"changes_world", tools[i].changes_world},
                 {"asks_user", tools[i].asks_user},
                 {"evidence", evidence_to_json(look.tools[i])}};
    const bool is_wanted = row.value("want", Json()) == Json(tools[i].name);
    if (row.value("calls", true) &&
        (is_wanted || std::find(order.begin(), order.end(), i) != order.end()))
      tool["call"] = call_for(scorer, step, tools[i]);
    out["tools"].push_back(std::move(tool));
  }
  // With today's weights, and the guards that keep reading from turning into writing.
  DEED_TRY(const ToolChoice choice, chooser.choose(step, tools));
  out["chosen"] = choice.tool ? Json(tools[*choice.tool].name) : Json();
  out["reader"] = choice.reader ? Json(tools[*choice.reader].name) : Json();
  return out;
}

}  // namespace
}  // namespace deed::bench

int main(int argc, char** argv) {
  using namespace deed;
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "usage: deed_planner_rows MODEL.gguf [CACHE] < rows.jsonl > looks.jsonl\n");
    return 2;
  }
  auto scorer = open_local_scorer({.path = argv[1], .cache_dir = argc > 2 ? argv[2] : ""});
  if (!scorer) {
    std::fprintf(stderr, "%s\n", to_string(scorer.error()).c_str());
    return 1;
  }
  ToolChooser chooser(**scorer);
  for (std::string line; std::getline(std::cin, line);) {
    const auto row = parse_json(line, {.max_bytes = 16u << 20});
    const auto look = row ? bench::look_at(**scorer, chooser, *row) : Result<Json>(fail(row.error()));
    if (!look) {
      std::fprintf(stderr, "%s\n", to_string(look.error()).c_str());
      return 1;
    }
    std::cout << to_text(*look) << '\n' << std::flush;
  }
}
