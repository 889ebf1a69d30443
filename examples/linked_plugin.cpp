// A plugin linked into a program: the same source, compiled as a library, is a plugin for every deed (docs/plugins.md). The call is written
// out here, so that it runs anywhere, without a model.
#define DEED_PLUGIN_ENTRY text_plugin
#include <deed/deed.hpp>
#include <deed/plugins/deed_plugin.hpp>
#include <deed/plugins/plugins.hpp>

#include <iostream>

static std::int64_t count(const std::string& text, const std::string& letter) {
  std::int64_t found = 0;
  for (const char c : text) found += letter.find(c) != std::string::npos ? 1 : 0;
  return found;
}

DEED_PLUGIN("text", "1.0.0",
            tool("count", "Counts letters in a text.", Effect::pure, count, arg("text").about("What is counted in"), arg("letter").about("What is counted")))

int main() {
  auto agent = deed::open_agent({.needs_model = false});
  if (!agent) return std::cerr << deed::to_string(agent.error()) << "\n", 1;
  if (auto added = deed::add_linked_plugin(**agent, text_plugin); !added) return std::cerr << deed::to_string(added.error()) << "\n", 1;
  const auto report = (*agent)->call_tool("text.count", {{"text", "bananas"}, {"letter", "a"}});
  if (!report) return std::cerr << deed::to_string(report.error()) << "\n", 1;
  std::cout << report->text << "\n";
}
