// email.folders, email.list, email.search and email.read: looking into a mailbox. What is read was written by anyone, and is never trusted. Nothing
// is marked by reading it, and nothing that a mail refers to is fetched.
#include "deed/core/time_text.hpp"
#include "deed/tools/mailbox.hpp"
#include "deed/tools/mailbox_text.hpp"

namespace deed {
namespace {

Json text_property(const char* description) { return {{"type", "string"}, {"description", description}}; }
Json flag_property(const char* description) { return {{"type", "boolean"}, {"description", description}}; }
Json day_property(const char* description) { return {{"type", "string"}, {"pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}, {"description", description}}; }
Json limit_property() {
  return {{"type", "integer"}, {"minimum", 1}, {"maximum", 200}, {"description", "So many mails at most, the newest first; 20 if it is not given."}};
}

Result<std::optional<TimePoint>> day_at(const Json& arguments, const char* key) {
  const std::string day = string_at(arguments, key);
  if (day.empty()) return std::optional<TimePoint>();
  DEED_TRY(const TimePoint time, with_context(parse_iso8601(day + "T00:00:00Z"), std::string("/") + key, "write a day like 2026-11-28"));
  return std::optional<TimePoint>(time);
}

Result<MailQuery> query_of(const Json& arguments) {
  MailQuery query{.folder = string_at(arguments, "folder", "INBOX")};
  query.from = string_at(arguments, "from");
  query.to = string_at(arguments, "to");
  query.subject = string_at(arguments, "subject");
  query.text = string_at(arguments, "text");
  if (arguments.value("unread", false)) query.is_seen = false;
  if (arguments.value("flagged", false)) query.is_flagged = true;
  DEED_TRY(query.since, day_at(arguments, "since"));
  DEED_TRY(query.before, day_at(arguments, "before"));
  query.limit = arguments.value("limit", std::size_t{20});
  return query;
}

asio::awaitable<Outcome> look(MailStore* store, Json arguments) {
  auto query = query_of(arguments);
  if (!query) co_return Outcome::failed_without_effect(query.error());
  const std::string folder = query->folder;
  auto finding = store->find(*std::move(query));
  auto page = co_await std::move(finding);
  if (!page) co_return Outcome::failed_without_effect(page.error());
  Outcome out = listed(*page, folder);
  co_return out;
}

asio::awaitable<Outcome> name_folders(MailStore* store) {
  auto naming = store->folders();
  auto folders = co_await std::move(naming);
  if (!folders) co_return Outcome::failed_without_effect(folders.error());
  Json list = Json::array();
  std::string text;
  for (const MailFolder& folder : *folders) {
    Json row = {{"name", folder.name}};
    if (!folder.use.empty()) row["use"] = folder.use;
    list.push_back(std::move(row));
    text += folder.name + (folder.use.empty() ? "" : " (" + folder.use + ")") + "\n";
  }
  Json result = {{"folders", std::move(list)}};
  Outcome out = Outcome::succeeded(std::move(result), std::move(text));
  co_return out;
}

asio::awaitable<Outcome> read_one(MailboxTools mailbox, Json arguments) {
  auto id = MailId::parse(string_at(arguments, "id"));
  if (!id) co_return Outcome::failed_without_effect(id.error());
  MailId wanted = *id;
  auto reading = mailbox.store->read(std::move(wanted), MailReadLimits().mail_bytes);
  auto entry = co_await std::move(reading);
  if (!entry) co_return Outcome::failed_without_effect(entry.error());
  const auto mail = read_mail(entry->bytes);
  if (!mail) co_return Outcome::failed_without_effect(mail.error());
  const auto kept = mailbox.read_mails.keep(*id, thread_of(*mail));
  if (!kept) co_return Outcome::failed_without_effect(kept.error());
  MailTextOptions options{.with_history = arguments.value("history", false)};
  Outcome out = shown_mail(*entry, *mail, options);
  co_return out;
}

ToolSpec reading(std::string name, std::string description, std::vector<std::string> examples, Json properties, std::vector<std::string> required) {
  ToolSpec spec;
  spec.name = std::move(name);
  spec.description = std::move(description);
  spec.examples = std::move(examples);
  spec.effect = EffectClass::read;
  for (const auto& [key, property] : properties.items()) {
    spec.roles[key] = key == "id" ? ArgumentRole::id : ArgumentRole::value;
  }
  spec.arguments = {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) spec.arguments["required"] = required;
  spec.result_trust = Trust::untrusted;
  return spec;
}

}  // namespace

Tool email_folders(MailboxTools mailbox) {
  ToolSpec spec = reading("email.folders", "List the folders of the mailbox.", {"Which mail folders are there?"}, Json::object(), {});
  return {.spec = std::move(spec), .run = [store = mailbox.store](Json, ToolContext&) { return name_folders(store); }};
}

Tool email_list(MailboxTools mailbox) {
  Json properties = {{"folder", text_property("Folder to look into; INBOX if it is not given.")},
                     {"unread", flag_property("Only mails that were not read yet.")},
                     {"limit", limit_property()}};
  ToolSpec spec = reading("email.list", "List the newest mails of a folder.", {"What is new in my mail?", "Show me the unread mails."}, std::move(properties), {});
  return {.spec = std::move(spec), .run = [store = mailbox.store](Json arguments, ToolContext&) { return look(store, std::move(arguments)); }};
}

Tool email_search(MailboxTools mailbox) {
  Json properties = {{"from", text_property("A part of the sender's name or address.")},
                     {"to", text_property("A part of a recipient's name or address.")},
                     {"subject", text_property("A part of the subject.")},
                     {"text", text_property("Words in the mail.")},
                     {"since", day_property("Mails of this day and later ones, such as 2026-11-28.")},
                     {"before", day_property("Mails before this day.")},
                     {"unread", flag_property("Only mails that were not read yet.")},
                     {"flagged", flag_property("Only mails with a flag.")},
                     {"folder", text_property("Folder to look into; INBOX if it is not given.")},
                     {"limit", limit_property()}};
  ToolSpec spec = reading("email.search", "Find mails by sender, subject, words or day.", {"Find the mail from Ann about the invoice."}, std::move(properties), {});
  return {.spec = std::move(spec), .run = [store = mailbox.store](Json arguments, ToolContext&) { return look(store, std::move(arguments)); }};
}

Tool email_read(MailboxTools mailbox) {
  Json properties = {{"id", text_property("The mail's id, as email.list and email.search give it.")},
                     {"history", flag_property("Show the quoted earlier mails and the signature as well.")}};
  ToolSpec spec = reading("email.read", "Read one mail.", {"Read the mail INBOX/1700000000.42."}, std::move(properties), {"id"});
  return {.spec = std::move(spec), .run = [mailbox](Json arguments, ToolContext&) { return read_one(mailbox, std::move(arguments)); }};
}

}  // namespace deed
