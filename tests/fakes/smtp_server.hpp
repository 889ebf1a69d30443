// An SMTP server on loopback that fails at whatever stage a test names, in whatever way, and
// remembers what it was given and what of that it kept: the truth that a client's verdict is held
// against. A fault is a value:
//   fakes::SmtpServer server({.faults = {{.stage = SmtpStage::end_of_message, .action =
//   SmtpAction::drop, .loses_mail = true}}});
#pragma once

#include "deed/tests/fakes/listener.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace deed::fakes {

/// The point at which the server would answer; `body`: in the middle of a message.
enum class SmtpStage { greeting, ehlo, auth, mail, rcpt, data, body, end_of_message };
enum class SmtpAction {
  drop,   ///< closes without an answer
  reset,  ///< the same with RST instead of FIN
  hang,   ///< says nothing until the client closes
  reply,  ///< says `reply` and goes on
};

struct SmtpFault {
  SmtpStage stage;
  SmtpAction action = SmtpAction::reply;
  std::string reply = {};  ///< "550 no"; several lines with \r\n between them; or no reply at all
  bool then_drop = false;  ///< closes right after the reply
  bool is_cut = false;     ///< the reply has no line end; with then_drop it broke off
  bool is_slow = false;    ///< one byte a packet
  std::size_t after_bytes = 1;  ///< of `body`: so many bytes of the message arrive before
  /// Of `end_of_message`, where no reply says it: the server dies before it has stored the mail.
  bool loses_mail = false;
  std::size_t skip = 0;    ///< how often the stage goes well before
  std::size_t times = static_cast<std::size_t>(-1);  ///< how often it does not
};

struct SmtpServerOptions {
  std::vector<SmtpFault> faults = {};
  std::vector<std::string> extensions = {"SIZE 60000000", "8BITMIME"};
  std::string user = {};  ///< if given, AUTH PLAIN is offered and MAIL is refused without it
  std::string token = {};                 ///< if given, `mechanisms` are offered instead
  std::string mechanisms = "OAUTHBEARER XOAUTH2";
  std::string password = {};
  std::vector<std::string> unknown = {};  ///< recipients that get 550 at RCPT: "ann@example.org"
};

struct SeenMail {
  std::string from, to;  ///< what stands behind MAIL FROM: and RCPT TO:, parameters included
  std::string message;   ///< dot-stuffing undone
  bool is_kept = true;   ///< the server answers for it: not where it refused or lost it
  std::size_t connection = 0;
};

class SmtpServer {
 public:
  explicit SmtpServer(SmtpServerOptions options = {});

  std::uint16_t port() const { return listener_.port(); }
  std::vector<SeenMail> mails() const;  ///< whole messages, whatever was said about them
  std::vector<SeenMail> kept() const;   ///< those that the server answers for
  std::vector<std::string> commands() const;  ///< lines outside of messages
  std::size_t connections() const { return listener_.connections(); }
  /// Bytes behind all DATA commands so far, ends of messages included.
  std::size_t data_bytes() const;
  /// False after 20 s.
  bool wait_for_data_bytes(std::size_t count) const;
  bool wait_for_mails(std::size_t count) const;
  bool wait_for_commands(std::size_t count) const;
  bool wait_until_closed(std::size_t connections) const {
    return listener_.wait_until_closed(connections);
  }

 private:
  struct Dialogue;
  enum class Next { go_on, refused, end };

  void serve(Connection& connection);
  bool obey(Dialogue& dialogue, const std::string& line);
  Next answer(Connection& connection, SmtpStage stage, const std::string& usual);
  SmtpFault fault_at(SmtpStage stage, const std::string& usual);
  static Next act(Connection& connection, const SmtpFault& fault);
  bool authenticate(Dialogue& dialogue, const std::string& line);
  bool take_token(Dialogue& dialogue, const std::string& line);
  bool take_message(Dialogue& dialogue);
  std::string extension_lines() const;

  SmtpServerOptions options_;
  mutable std::mutex mutex_;  // guards all but options_ and listener_
  mutable std::condition_variable changed_;
  std::vector<std::size_t> reached_;  // how often each fault's stage was reached
  std::vector<SeenMail> mails_;
  std::vector<std::string> commands_;
  std::size_t data_bytes_ = 0;
  Listener listener_;  // last: its threads use all of the above
};

}  // namespace deed::fakes
