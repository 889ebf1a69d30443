// The commands of IMAP over a link. Internal.
#pragma once

#include "deed/net/imap.hpp"
#include "deed/net/imap_link.hpp"
#include "deed/net/imap_reader.hpp"
#include "deed/net/imap_wire.hpp"

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace deed {

class ImapCommands final : public ImapSession {
 public:
  /// link  logged in, borrowed
  ImapCommands(ImapLink& link, std::chrono::milliseconds timeout);
  /// Asks what the server offers; to be called first.
  Result<void> begin();
  /// Asks whether the server is still there, for another use of the session in `timeout`.
  Result<void> go_on(std::chrono::milliseconds timeout);
  /// Says good bye without waiting for the answer.
  void end();

  bool offers(std::string_view capability) const override;
  Result<std::vector<ImapFolder>> folders() override;
  Result<ImapMailbox> open(const std::string& mailbox, bool read_only) override;
  Result<std::vector<std::uint32_t>> search(const ImapCriteria& criteria) override;
  Result<std::vector<ImapItem>> headers(std::span<const std::uint32_t> uids) override;
  Result<ImapItem> message(std::uint32_t uid, std::size_t max_bytes) override;
  Result<void> mark(std::span<const std::uint32_t> uids, const std::vector<std::string>& flags, bool on) override;
  Result<void> move(std::uint32_t uid, const std::string& mailbox) override;
  Result<void> append(const std::string& mailbox, const std::vector<std::string>& flags, std::shared_ptr<const ByteSource> bytes) override;
  Result<bool> wait_for_news(std::chrono::milliseconds longest) override;

 private:
  struct Answer {
    std::vector<ImapResponse> untagged = {};
    ImapResponse end = {};  ///< the tagged one
    std::size_t bytes = 0;  ///< of those kept
  };
  /// Sends the command and collects what comes until it has ended; a refusal is an Error. doing  for its text: "open the mailbox Sent"
  Result<Answer> perform(const ImapCommand& command, const std::string& doing);
  Result<void> send_literal(const ByteSource& literal);
  Result<void> send_pieces(const ImapCommand& command, const std::string& tag, Answer& answer);
  /// errors  timeout: nothing came for so long, or no end until the deadline
  Result<ImapResponse> receive(ImapLink::Deadline deadline, std::chrono::seconds longest_silence = std::chrono::hours(1));
  std::optional<std::string> meant_by(const std::string& mailbox);
  Result<ImapMailbox> open_exactly(const std::string& mailbox, bool read_only);
  Result<void> append_exactly(const std::string& mailbox, const std::vector<std::string>& flags, std::shared_ptr<const ByteSource> bytes);
  Result<void> keep(ImapResponse response, Answer& answer) const;
  Result<std::vector<ImapItem>> fetch(std::span<const std::uint32_t> uids, const std::string& what);
  Result<bool> idle(std::chrono::milliseconds longest);
  void heed(const ImapResponse& response);

  ImapLink& link_;
  ImapLink::Deadline deadline_;
  ImapReader reader_;
  std::set<std::string> capabilities_;
  std::uint64_t next_tag_ = 1;
  std::uint32_t messages_ = 0;  // in the open mailbox, as the server last said
  bool has_news_ = false;       // more than there were
};

}  // namespace deed
