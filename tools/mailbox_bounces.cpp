// email.bounces: what mail servers sent back, joined to the mails that they are about. Anybody can write such a mail: what it says counts only where it names
// a mail that is in the journal, and even then it is a report and not an outcome.
#include "deed/core/text.hpp"
#include "deed/tools/bounce.hpp"
#include "deed/tools/mailbox.hpp"

#include <algorithm>

namespace deed {
namespace {

constexpr std::size_t max_bounce_bytes = 4u << 20;
// One of these stands in the header of whatever comes back, in any language; whether it is a bounce is decided by its form. Servers are not asked to
// search for them: some find a sender by the whole address only.
constexpr const char* header_signs[] = {"multipart/report", "mailer-daemon", "postmaster", "x-failed-recipients:", "return-path: <>"};

bool may_be_bounce(const MailEntry& entry) {
  const std::string head = lower_ascii(entry.bytes);
  return std::any_of(std::begin(header_signs), std::end(header_signs), [&](const char* sign) { return head.find(sign) != std::string::npos; });
}

// The run that sent the mail: the part of the Message-ID before the @ is the beginning of an effect's key, and stands in that call's result.
Async<std::optional<RunId>> run_that_sent(Journal* journal, std::string message_id) {
  const std::string key = message_id.substr(1, message_id.find('@') == std::string::npos ? 0 : message_id.find('@') - 1);
  const bool may_be_key = journal && key.size() == 32 && key.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!may_be_key) co_return std::optional<RunId>();
  auto searching = journal->search(key, 100);
  auto hits = co_await std::move(searching);
  DEED_CO_TRY(const std::vector<SearchHit> found, std::move(hits));
  if (found.empty()) co_return std::optional<RunId>();
  // Runs that read the mail know its id as well, but all of them later: ids of runs are in the order of time.
  const auto first = std::min_element(found.begin(), found.end(), [](const SearchHit& a, const SearchHit& b) { return a.run < b.run; });
  co_return std::optional<RunId>(first->run);
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
  MailQuery query{.folder = string_at(arguments, "folder", "INBOX"), .limit = arguments.value("limit", std::size_t{200})};
  auto finding = mailbox.store->find(std::move(query));
  auto page = co_await std::move(finding);
  if (!page) co_return Outcome::failed_without_effect(page.error());
  Json rows = Json::array();
  std::string text;
  for (const MailEntry& entry : page->entries) {
    if (!may_be_bounce(entry)) continue;
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
                     {"limit", {{"type", "integer"}, {"minimum", 1}, {"maximum", 1000}, {"description", "So many of the newest mails are looked at; 200 if it is not given."}}}};
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
