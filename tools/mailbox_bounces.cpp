// email.bounces: what mail servers sent back, joined to the mails that they are about. Anybody can write such a mail: what it says counts only where it names
// a mail that is in the journal, and even then it is a report and not an outcome.
#include "deed/core/text.hpp"
#include "deed/tools/bounce.hpp"
#include "deed/tools/mailbox.hpp"

#include <set>

namespace deed {
namespace {

constexpr std::size_t max_bounce_bytes = 4u << 20;
// How the senders of bounces name themselves, whatever the server's language.
constexpr const char* bounce_senders[] = {"mailer-daemon", "postmaster"};

// The run that sent the mail: the part of the Message-ID before the @ is the beginning of an effect's key, and stands in that call's result.
Async<std::optional<RunId>> run_that_sent(Journal* journal, std::string message_id) {
  const std::string key = message_id.substr(1, message_id.find('@') == std::string::npos ? 0 : message_id.find('@') - 1);
  const bool may_be_key = journal && key.size() == 32 && key.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!may_be_key) co_return std::optional<RunId>();
  auto searching = journal->search(key, 1);
  auto hits = co_await std::move(searching);
  DEED_CO_TRY(const std::vector<SearchHit> found, std::move(hits));
  if (found.empty()) co_return std::optional<RunId>();
  co_return std::optional<RunId>(found[0].run);
}

Async<std::vector<MailEntry>> bounce_candidates(MailStore* store, Json arguments) {
  std::vector<MailEntry> out;
  std::set<std::string> known;
  for (const char* sender : bounce_senders) {
    MailQuery query{.folder = string_at(arguments, "folder", "INBOX"), .from = sender, .limit = arguments.value("limit", std::size_t{50})};
    auto finding = store->find(std::move(query));
    auto page = co_await std::move(finding);
    DEED_CO_TRY(MailPage found, std::move(page));
    for (MailEntry& entry : found.entries) {
      if (known.insert(entry.id.text()).second) out.push_back(std::move(entry));
    }
  }
  co_return out;
}

std::string line_of(const BounceRecipient& recipient) {
  std::string out = recipient.final_recipient.text() + ": " + to_string(recipient.action);
  if (!recipient.status.empty()) out += " " + recipient.status;
  if (!recipient.diagnostic.empty()) out += " (" + recipient.diagnostic + ")";
  return out;
}

Json recipients_json(const BounceReport& report) {
  Json out = Json::array();
  for (const BounceRecipient& recipient : report.recipients) {
    out.push_back({{"address", recipient.final_recipient.text()}, {"action", to_string(recipient.action)}, {"status", recipient.status}, {"diagnostic", recipient.diagnostic}});
  }
  return out;
}

asio::awaitable<Outcome> read_bounces(MailboxTools mailbox, Json arguments) {
  auto gathering = bounce_candidates(mailbox.store, std::move(arguments));
  auto candidates = co_await std::move(gathering);
  if (!candidates) co_return Outcome::failed_without_effect(candidates.error());
  Json rows = Json::array();
  std::string text;
  for (const MailEntry& entry : *candidates) {
    auto reading = mailbox.store->read(entry.id, max_bounce_bytes);
    auto mail = co_await std::move(reading);
    if (!mail) continue;  // gone meanwhile, or larger than any bounce
    const auto report = read_bounce(mail->bytes);
    if (!report) continue;
    Json row = {{"id", entry.id.text()}, {"recipients", recipients_json(*report)}, {"message_ids", report->message_ids}, {"run", ""}};
    for (const std::string& message_id : report->message_ids) {
      auto asking = run_that_sent(mailbox.journal, message_id);
      auto run = co_await std::move(asking);
      if (run && *run) row["run"] = **run;
    }
    text += entry.id.text() + (row["run"] == "" ? " about a mail that is not in the journal" : " about run " + row["run"].get<std::string>()) + "\n";
    for (const BounceRecipient& recipient : report->recipients) text += "  " + line_of(recipient) + "\n";
    rows.push_back(std::move(row));
  }
  if (rows.empty()) text = "No mail came back.\n";
  Json result = {{"bounces", std::move(rows)}};
  Outcome out = Outcome::succeeded(std::move(result), std::move(text));
  co_return out;
}

}  // namespace

Tool email_bounces(MailboxTools mailbox) {
  Json properties = {{"folder", {{"type", "string"}, {"description", "Folder to look into; INBOX if it is not given."}}},
                     {"limit", {{"type", "integer"}, {"minimum", 1}, {"maximum", 200}, {"description", "So many mails at most, the newest; 50 if it is not given."}}}};
  Tool tool;
  tool.spec = {.name = "email.bounces",
               .description = "List mails that came back, whom they did not reach, and which run had sent them.",
               .examples = {"Which of our mails bounced?"},
               .arguments = {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}},
               .effect = EffectClass::read,
               .roles = {{"folder", ArgumentRole::value}, {"limit", ArgumentRole::value}},
               .result_trust = Trust::untrusted};
  tool.run = [mailbox](Json arguments, ToolContext&) { return read_bounces(mailbox, std::move(arguments)); };
  return tool;
}

}  // namespace deed
