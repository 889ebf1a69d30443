// The mailboxes of the IMAP server of tests: messages with UIDs and flags, and the commands on them. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace deed::fakes {

class ImapStore {
 public:
  struct Message {
    std::uint32_t uid = 0;
    std::vector<std::string> flags = {};
    std::string bytes = {};
  };

  /// Makes the mailbox if it is not there. name  as it is on the wire
  void add_mailbox(const std::string& name, const std::string& attributes = "\\HasNoChildren");
  std::uint32_t add(const std::string& mailbox, std::string bytes, std::vector<std::string> flags = {});
  void set_uid_validity(const std::string& mailbox, std::uint32_t value);
  std::vector<Message> messages(const std::string& mailbox) const;
  bool has(const std::string& mailbox) const;

  /// What the server answers, but for the tagged line, each line with its end; nothing: there is no such mailbox or command.
  struct Answer {
    std::string untagged = {};
    std::string end = "OK done";
  };
  Answer list() const;
  Answer select(const std::string& mailbox) const;
  /// UID SEARCH, FETCH, STORE, COPY, MOVE and EXPUNGE; literals stand in the text in quotation marks.
  Answer uid(const std::string& mailbox, std::string_view command);
  /// The number of messages, for IDLE and NOOP.
  std::size_t count(const std::string& mailbox) const;

 private:
  struct Mailbox {
    std::string attributes;
    std::uint32_t uid_validity = 1;
    std::uint32_t next_uid = 1;
    std::vector<Message> messages = {};
  };
  Answer search(const Mailbox& box, std::string_view keys) const;
  Answer fetch(const Mailbox& box, std::string_view rest) const;
  Answer store(Mailbox& box, std::string_view rest);
  Answer copy(const std::string& mailbox, std::string_view rest, bool moves);

  mutable std::mutex mutex_;  // guards mailboxes_
  std::map<std::string, Mailbox> mailboxes_;
};

}  // namespace deed::fakes
