// Where the code of a plugin runs: in this process, in one of its own, or as a command. The loop, the policy and the journal see a
// Tool like any other.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "deed/core/async.hpp"
#include "deed/core/secrets.hpp"
#include "deed/net/http.hpp"
#include "deed/plugins/declared_tool.hpp"
#include "deed/tools/tool.hpp"

namespace deed {

/// What a plugin may have of deed while it works on a call. Borrowed; outlives the host.
struct PluginServices {
  HttpClient* http = nullptr;          ///< nullptr: none
  const EgressGuard* guard = nullptr;  ///< the user's; needed with `http`
  std::vector<AllowedHost> hosts = {};     ///< the plugin's: no other host is asked
  std::vector<std::string> secrets = {};   ///< the names that it may ask for
  std::function<Result<Secret>(const std::string& name)> secret_of = {};
  std::function<void(const std::string& line)> log = {};  ///< gets what it says outside of calls; loop thread
};

enum class PluginCallKind { run, preview, probe };

/// One call, as values.
struct PluginCall {
  PluginCallKind kind = PluginCallKind::run;
  const DeclaredTool* tool = nullptr;  ///< outlives the call
  Json arguments = Json::object();
  std::string effect_key;
  std::int64_t attempt = 1;
  std::int64_t proposed_at_ms = 0;    ///< Unix time
  std::int64_t dispatched_at_ms = 0;  ///< of a probe
};

/// What a call came to. Error: it broke off, and nobody said what became of it.
using PluginAnswer = std::variant<Outcome, Preview, ProbeResult, Error>;

class PluginHost {
 public:
  virtual ~PluginHost() = default;

  /// The tools as the plugin lists them now; starts it where that is needed.
  /// errors  unavailable, corrupt, limit, timeout: it could not be started, or does not speak as it should
  virtual Async<std::vector<Json>> list() = 0;

  /// One call. Cancelling the coroutine gives the call up, and whatever the plugin says of it afterwards is ignored.
  /// ctx  nullptr in a preview
  virtual asio::awaitable<PluginAnswer> call(PluginCall call, ToolContext* ctx) = 0;
};

/// A tool whose functions are calls of a host.
Tool tool_of(DeclaredTool declared, std::shared_ptr<PluginHost> host);

}  // namespace deed
