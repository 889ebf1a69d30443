// Links something of every library room through the one installed target.
#include <deed/agent/agent.hpp>
#include <deed/deed.hpp>
#include <deed/llm/model_table.hpp>
#include <deed/llm/providers.hpp>
#include <deed/net/sse.hpp>
#include <deed/tools/builtin.hpp>
#include <iostream>

int main() {
  deed::Registry registry;
  const auto added = registry.add(deed::time_now());
  const auto journal = deed::open_sqlite_journal({.path = "/dev/null/nowhere/journal.db"});
  const auto agent = deed::open_agent({.model = "no such model", .home = "/dev/null/nowhere"});
  deed::sse::Parser parser;
  const auto events = parser.feed("data: x\n\n");
  const bool is_right = added && !journal && !agent && events && events->size() == 1 &&
                        deed::model_info("", "gpt-4").context_window == 8192;
  std::cout << (is_right ? "linked and working\n" : "something is wrong\n");
  return is_right ? 0 : 1;
}
