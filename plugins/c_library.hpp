// The host's side of plugins/deed_plugin.h: a table of tools that was loaded from a file or linked in, and its calls. Knows no loop and
// no pipe: whoever begins a call says how the plugin's wishes are served.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "deed/plugins/deed_plugin.h"
#include "deed/plugins/plugin_host.hpp"

namespace deed {

/// How the wishes of one call are served. Each function may be called from any thread of the plugin, never two of one call after `end`.
/// `dispatching`, `secret` and `http` block.
struct CallServices {
  std::function<Result<void>()> dispatching;
  std::function<void(std::string line)> progress;
  std::function<Result<Secret>(std::string name)> secret;
  std::function<Result<HttpResponse>(std::string method, std::string url, HttpHeaders headers, std::string body)> http;
  std::function<void(PluginAnswer answer)> end;  ///< exactly once, unless the call is given up before
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

/// Stays loaded until the process ends: nobody knows what threads a library leaves behind.
class CLibrary {
 public:
  /// Loads the file into this process and asks it for its tools.
  /// path    absolute
  /// log     gets what the plugin logs; any thread
  /// errors  not_found, invalid: no library, no entry symbol, another ABI, a table that is wrong; `what` says which member
  static Result<std::shared_ptr<CLibrary>> load(const std::string& path, std::function<void(std::string line)> log);
  /// The same for a table that is linked into this program.
  static Result<std::shared_ptr<CLibrary>> adopt(deed_plugin_entry_function entry, std::function<void(std::string line)> log);
  ~CLibrary();
  CLibrary(const CLibrary&) = delete;
  CLibrary& operator=(const CLibrary&) = delete;

  const std::string& name() const { return name_; }
  const std::string& version() const { return version_; }
  /// As parse_declared_tool reads them.
  const std::vector<Json>& tools() const { return listed_; }

  /// Enters a call into the table; nothing of the plugin is run. Any thread.
  std::uint64_t begin(const PluginCall& call, CallServices services);
  /// Runs the plugin's function on this thread; returns when that does, which may be before the call has ended. Once for each call.
  void enter(std::uint64_t id);
  /// The call is to end: the plugin is told, and nothing of `services` is used when this returns. Any thread.
  void give_up(std::uint64_t id);

 private:
  struct Host;
  struct Call;
  CLibrary();
  static Result<std::shared_ptr<CLibrary>> take(deed_plugin_entry_function entry, std::function<void(std::string line)> log);
  static Host& new_host();
  std::shared_ptr<Call> find(std::uint64_t id);
  void forget(std::uint64_t id);

  Host& host_;  // stays for as long as the process
  const deed_plugin* plugin_ = nullptr;
  std::string name_, version_;
  std::vector<Json> listed_;
  std::map<std::string, const deed_tool*, std::less<>> tools_;
  std::function<void(std::string line)> log_;
  std::atomic<std::uint64_t> last_id_ = 0;
  std::mutex mutex_;  // guards `calls_`
  std::map<std::uint64_t, std::shared_ptr<Call>> calls_;  // shared with the threads that are in the plugin's functions
};

}  // namespace deed
