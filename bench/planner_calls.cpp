// How long the embedded model takes for a call: one JSON object a line on standard input, {"request",
// "tools"}, and on standard output {"seconds", "reply"}. Loading is not counted; the first line reads
// the tools too. Runs nothing. For bench/local_call.py.
#include "tool_rows.hpp"

#include "deed/llm/local/local_model.hpp"
#include "deed/llm/local/planner.hpp"

#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>

namespace {

using namespace deed;

ModelRequest request_of(const Json& row) {
  ModelRequest request;
  request.messages.push_back({.role = Role::user, .text = row.at("request")});
  request.tools = bench::tools_of(row.at("tools"));
  return request;
}

std::string text_of(const PlannedStep& step) {
  const Reply* reply = std::get_if<Reply>(&step);
  if (reply == nullptr) return "(talk)";
  if (reply->tool_calls.empty()) return reply->text;
  return reply->tool_calls[0].name + " " + to_text(reply->tool_calls[0].arguments);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: deed_planner_calls MODEL.gguf CACHE THREADS < rows.jsonl\n");
    return 2;
  }
  auto scorer = open_local_scorer(
      {.path = argv[1], .threads = std::stoi(argv[3]), .max_context = 6144, .cache_dir = argv[2]});
  if (!scorer) {
    std::fprintf(stderr, "%s\n", to_string(scorer.error()).c_str());
    return 1;
  }
  Planner planner(**scorer);
  for (std::string line; std::getline(std::cin, line);) {
    const auto row = parse_json(line);
    if (!row) return 1;
    const ModelRequest request = request_of(*row);
    const auto begin = std::chrono::steady_clock::now();
    const auto step = planner.next(request);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    if (!step) {
      std::fprintf(stderr, "%s\n", to_string(step.error()).c_str());
      return 1;
    }
    std::cout << to_text(Json{{"seconds", took.count()}, {"reply", text_of(*step)}}) << std::endl;
  }
}
