// An IMAP server on loopback that knows as much as deed needs, and fails at whatever stage a test names, in whatever way. It serves what a store
// of the test holds; or what its mailboxes hold is asked of the test with each search, so that it can be what an SMTP server of the same test has
// kept.
#pragma once

#include "deed/tests/fakes/imap_store.hpp"
#include "deed/tests/fakes/listener.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace deed::fakes {

/// The point at which the server would answer.
enum class ImapStage { greeting, capability, login, select, search, fetch, change, go_ahead, append, idle, list };
enum class ImapAction {
  drop,   ///< closes without an answer
  reset,  ///< the same with RST instead of FIN
  hang,   ///< says nothing until the client closes
  reply,  ///< says `reply` and goes on
};

struct ImapFault {
  ImapStage stage;
  ImapAction action = ImapAction::reply;
  std::string reply = {};  ///< lines with \r\n between them; TAG stands for the command's tag
  bool then_drop = false;  ///< closes right after the reply
  bool is_cut = false;     ///< the reply has no line end; with then_drop it broke off
  bool is_slow = false;    ///< one byte a packet
  std::size_t times = static_cast<std::size_t>(-1);  ///< how often
};

struct ImapServerOptions {
  /// By name as it is on the wire: the messages, each whole.
  std::map<std::string, std::function<std::vector<std::string>()>> mailboxes = {};
  ImapStore* store = nullptr;                              ///< borrowed; has all the other mailboxes
  std::string capabilities = "IMAP4rev1";
  std::function<void()> while_idle = {};  ///< called once a client waits for news
  std::vector<ImapFault> faults = {};
  std::string user = "ann";
  std::string password = "secret";
  std::string token = {};  ///< if given, it is what a login needs; the capabilities have to name the mechanism
};

class ImapServer {
 public:
  explicit ImapServer(ImapServerOptions options = {});

  std::uint16_t port() const { return listener_.port(); }
  std::vector<std::string> commands() const;  ///< without their tags
  std::size_t connections() const { return listener_.connections(); }
  /// False after 20 s.
  bool wait_for_commands(std::size_t count) const;
  bool wait_until_closed(std::size_t count) const { return listener_.wait_until_closed(count); }

 private:
  void serve(Connection& connection);
  /// Whether the dialogue goes on.
  bool obey(Connection& connection, const std::string& line, std::string& selected);
  bool obey_store(Connection& connection, const std::string& tag, const std::string& command, std::string& selected);
  bool take_mail(Connection& connection, const std::string& tag, const std::string& command);
  bool take_token(Connection& connection, const std::string& tag, const std::string& command);
  bool idle(Connection& connection, const std::string& tag, const std::string& selected);
  bool give(Connection& connection, ImapStage stage, const std::string& tag, const ImapStore::Answer& answer);
  /// said  what it answered; may be nullptr
  bool answer(Connection& connection, ImapStage stage, const std::string& tag, const std::string& usual, std::string* said = nullptr);
  std::string found(const std::string& mailbox, const std::string& command) const;

  ImapServerOptions options_;
  mutable std::mutex mutex_;  // guards all below but listener_
  mutable std::condition_variable changed_;
  std::vector<std::size_t> reached_;  // how often each fault's stage was reached
  std::vector<std::string> commands_;
  Listener listener_;  // last: its threads use all of the above
};

}  // namespace deed::fakes
