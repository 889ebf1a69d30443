// An agent with a tool of its own. The call is written out here, so that it runs anywhere, without a model; with a model it is
// `agent->run("Please greet Ann")` and nothing else changes: validation, policy, approval and the journal are the same.
#include <deed/deed.hpp>

#include <iostream>

deed::asio::awaitable<deed::Outcome> greet(deed::Json arguments) {
  std::string text = "Hello, " + arguments.at("name").get<std::string>() + "!";
  deed::Json result = {{"greeting", text}};
  co_return deed::Outcome::succeeded(std::move(result), std::move(text));
}

int main() {
  auto agent = deed::open_agent({.needs_model = false});
  if (!agent) return std::cerr << deed::to_string(agent.error()) << "\n", 1;

  deed::Tool tool;
  tool.spec.name = "greet";
  tool.spec.description = "Greet a person.";
  tool.spec.examples = {"Say hello to Ann", "Greet my neighbour Bob"};  // how people ask for it
  tool.spec.arguments = {{"type", "object"}, {"properties", {{"name", {{"type", "string"}}}}}, {"required", deed::Json::array({"name"})}};
  tool.spec.effect = deed::EffectClass::pure;
  tool.run = [](deed::Json arguments, deed::ToolContext&) { return greet(std::move(arguments)); };
  if (auto added = (*agent)->tools().add(std::move(tool)); !added) return std::cerr << deed::to_string(added.error()) << "\n", 1;

  const auto report = (*agent)->call_tool("greet", {{"name", "Ann"}});
  if (!report) return std::cerr << deed::to_string(report.error()) << "\n", 1;
  std::cout << report->text << "\n";
}
