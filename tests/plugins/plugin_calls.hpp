// Calls of a host's tools on a loop of their own.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <string>

#include "deed/agent/bounded.hpp"
#include "deed/plugins/plugin_host.hpp"
#include "deed/tests/tools/tool_doubles.hpp"

namespace deed {

/// The tools of a host, as the loop has them.
class HostedTools {
 public:
  HostedTools(asio::io_context& io, const std::vector<Json>& listed, const std::string& plugin, std::shared_ptr<PluginHost> host) : io_(io) {
    auto all = parse_declared_tools(listed, plugin);
    for (DeclaredTool& declared : all.value()) {
      const std::string name = declared.own_name;
      tools_[name] = tool_of(std::move(declared), host);
    }
  }
  const Tool& at(const std::string& name) const { return tools_.at(name); }

  Bounded<Outcome> run(const std::string& name, Json arguments, ToolContext& ctx, std::chrono::milliseconds timeout = std::chrono::milliseconds(20'000)) {
    return run_async(io_, run_bounded(tools_.at(name).run(std::move(arguments), ctx), timeout, nullptr));
  }
  Outcome outcome(const std::string& name, Json arguments = Json::object()) {
    FakeContext ctx;
    auto bounded = run(name, std::move(arguments), ctx);
    if (bounded.value) return *std::move(bounded.value);
    return Outcome::unknown("no outcome: " + bounded.exception);
  }

 private:
  asio::io_context& io_;
  std::map<std::string, Tool> tools_;
};

}  // namespace deed
