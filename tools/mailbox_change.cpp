// email.mark, email.move and email.save: putting a mailbox in order, and keeping what came with a mail.
#include "deed/core/text.hpp"
#include "deed/tools/builtin.hpp"
#include "deed/tools/file_place.hpp"
#include "deed/tools/mailbox.hpp"

namespace deed {
namespace {

using Verdict = ProbeResult::Verdict;

// A server that moves a mail does so before it answers; so long it may take to do it when nobody waits for the answer any more.
constexpr std::chrono::seconds move_settle_time{30};

struct Marking {
  const char* word;
  MailMarks marks;
  bool on;
};
constexpr Marking markings[] = {{"read", {.seen = true}, true},       {"unread", {.seen = true}, false},   {"flagged", {.flagged = true}, true},
                                {"unflagged", {.flagged = true}, false}, {"answered", {.answered = true}, true}};

const Marking* marking_of(const Json& arguments) {
  const std::string word = string_at(arguments, "as");
  for (const Marking& marking : markings) {
    if (word == marking.word) return &marking;
  }
  return nullptr;
}

asio::awaitable<Outcome> mark_mail(MailStore* store, Json arguments, ToolContext& context) {
  const auto id = MailId::parse(string_at(arguments, "id"));
  if (!id) co_return Outcome::failed_without_effect(id.error());
  const Marking* marking = marking_of(arguments);
  auto committed = co_await context.dispatching();
  if (!committed) co_return Outcome::failed_without_effect(committed.error());
  auto marking_it = store->mark(*id, marking->marks, marking->on);
  const MailChange done = co_await std::move(marking_it);
  Json result = {{"id", id->text()}, {"as", marking->word}};
  std::string text = "Marked " + id->text() + " as " + marking->word + ".";
  Outcome out = outcome_of_change(done, std::move(result), std::move(text));
  co_return out;
}

// The Message-ID by which the mail is found again in the other folder is kept before anything is moved.
asio::awaitable<Outcome> move_mail(MailboxTools mailbox, Json arguments, ToolContext& context) {
  const auto id = MailId::parse(string_at(arguments, "id"));
  if (!id) co_return Outcome::failed_without_effect(id.error());
  const std::string folder = string_at(arguments, "folder");
  auto looking = mailbox.store->head(*id);
  const auto head = co_await std::move(looking);
  if (!head) co_return Outcome::failed_without_effect(head.error());
  const auto mail = read_mail(head->bytes);
  const auto kept = mail ? mailbox.read_mails.keep(*id, thread_of(*mail)) : Result<void>();
  if (!kept) co_return Outcome::failed_without_effect(kept.error());
  auto committed = co_await context.dispatching();
  if (!committed) co_return Outcome::failed_without_effect(committed.error());
  auto moving = mailbox.store->move(*id, folder);
  const MailChange done = co_await std::move(moving);
  Json result = {{"id", id->text()}, {"folder", folder}};
  std::string text = "Moved " + id->text() + " to " + folder + ". It has another id there.";
  Outcome out = outcome_of_change(done, std::move(result), std::move(text));
  co_return out;
}

ProbeResult judge_move(bool is_in_source, bool is_in_target, bool is_certain, const MailId& id, const std::string& folder) {
  if (!is_in_source && is_in_target) return {Verdict::confirmed, "the mail is in " + folder + " and not in " + id.folder};
  // Moved on, or deleted: by whom?
  if (!is_in_source) return {Verdict::undecided, "the mail is neither in " + id.folder + " nor, as far as it can be found, in " + folder};
  if (is_in_target) return {Verdict::undecided, "the mail is in both folders"};
  if (!is_certain) return {Verdict::undecided, "the mail is still in " + id.folder + "; whether there is a copy in " + folder + " cannot be seen"};
  return {Verdict::refuted, "the mail is still in " + id.folder + " and not in " + folder};
}

asio::awaitable<ProbeResult> probe_move(MailboxTools mailbox, Json arguments, ToolContext& context) {
  const auto id = MailId::parse(string_at(arguments, "id"));
  if (!id) co_return ProbeResult{Verdict::refuted, "there is no such id"};
  const TimePoint settled_at = context.dispatched_at() + move_settle_time;
  if (context.clock().now() < settled_at) {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(settled_at - context.clock().now());
    auto waited = co_await context.wait(rest);
    if (!waited) co_return ProbeResult{Verdict::undecided, to_string(waited.error())};
  }
  auto holding = mailbox.store->holds(*id);
  const auto is_there = co_await std::move(holding);
  if (!is_there) co_return ProbeResult{Verdict::undecided, to_string(is_there.error())};
  const std::string folder = string_at(arguments, "folder");
  const auto thread = mailbox.read_mails.find(*id);
  bool is_in_target = false, is_certain = false;
  if (thread && !thread->message_id.empty()) {
    MailQuery query{.folder = folder, .message_id = thread->message_id, .limit = 1};
    auto finding = mailbox.store->find(std::move(query));
    const auto copies = co_await std::move(finding);
    if (!copies) co_return ProbeResult{Verdict::undecided, to_string(copies.error())};
    is_in_target = copies->found > 0;
    is_certain = copies->is_complete;
  }
  co_return judge_move(*is_there, is_in_target, is_certain, *id, folder);
}

// The arguments of file.write for an attachment.
Async<Json> as_written_file(MailStore* store, Json arguments) {
  auto parsed = MailId::parse(string_at(arguments, "id"));
  DEED_CO_TRY(MailId id, std::move(parsed));
  auto reading = store->read(std::move(id), MailReadLimits().mail_bytes);
  auto read = co_await std::move(reading);
  DEED_CO_TRY(const MailEntry entry, std::move(read));
  auto decoded = read_attachment(entry.bytes, arguments.value("attachment", std::size_t{1}));
  DEED_CO_TRY(std::string content, std::move(decoded));
  Json out = Json::object();
  out["path"] = arguments["path"];
  out["content"] = std::move(content);
  co_return out;
}

asio::awaitable<Outcome> save_attachment(MailStore* store, Tool write, Json arguments, ToolContext& context) {
  auto making = as_written_file(store, arguments);
  auto file = co_await std::move(making);
  if (!file) co_return Outcome::failed_without_effect(file.error());
  auto writing = write.run(*std::move(file), context);
  Outcome out = co_await std::move(writing);
  co_return out;
}

asio::awaitable<ProbeResult> probe_saved(MailStore* store, Tool write, Json arguments, ToolContext& context) {
  auto making = as_written_file(store, arguments);
  auto file = co_await std::move(making);
  if (!file) co_return ProbeResult{Verdict::undecided, to_string(file.error())};
  auto probing = write.probe(*std::move(file), context);
  ProbeResult out = co_await std::move(probing);
  co_return out;
}

Json changing_schema(Json properties, std::vector<std::string> required) {
  return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}, {"additionalProperties", false}};
}

Json id_property() { return {{"type", "string"}, {"description", "The mail's id, as email.list and email.search give it."}}; }

Preview said_of(std::string summary, std::vector<std::string> destinations) {
  return {.media_type = "text/plain", .bytes = summary + "\n", .summary = std::move(summary), .destinations = std::move(destinations)};
}

}  // namespace

Tool email_mark(MailboxTools mailbox) {
  Json words = Json::array();
  for (const Marking& marking : markings) words.push_back(marking.word);
  Tool tool;
  tool.spec = {.name = "email.mark",
               .description = "Mark a mail as read, unread, flagged, unflagged or answered.",
               .examples = {"Mark the mail INBOX/1700000000.42 as read."},
               .arguments = changing_schema({{"id", id_property()}, {"as", {{"type", "string"}, {"enum", words}, {"description", "The mark."}}}}, {"id", "as"}),
               .effect = EffectClass::idempotent,
               .roles = {{"id", ArgumentRole::id}, {"as", ArgumentRole::value}},
               .approval = ApprovalNeed::never,
               .result_trust = Trust::tool,
               .dispatches = true};
  tool.run = [store = mailbox.store](Json arguments, ToolContext& context) { return mark_mail(store, std::move(arguments), context); };
  tool.preview = [](const Json& arguments, const ToolContext&) -> Result<Preview> {
    DEED_TRY(const MailId id, MailId::parse(string_at(arguments, "id")));
    return said_of("mark the mail " + id.text() + " as " + string_at(arguments, "as"), {id.folder});
  };
  return tool;
}

Tool email_move(MailboxTools mailbox) {
  Tool tool;
  tool.spec = {.name = "email.move",
               .description = "Move a mail to another folder.",
               .examples = {"Move the mail INBOX/1700000000.42 to Archive."},
               .arguments = changing_schema({{"id", id_property()}, {"folder", {{"type", "string"}, {"minLength", 1}, {"description", "The folder, as email.folders names it."}}}},
                                            {"id", "folder"}),
               .effect = EffectClass::probeable,
               .roles = {{"id", ArgumentRole::id}, {"folder", ArgumentRole::destination}},
               .approval = ApprovalNeed::always,
               .result_trust = Trust::tool,
               .dispatches = true};
  tool.run = [mailbox](Json arguments, ToolContext& context) { return move_mail(mailbox, std::move(arguments), context); };
  tool.preview = [](const Json& arguments, const ToolContext&) -> Result<Preview> {
    DEED_TRY(const MailId id, MailId::parse(string_at(arguments, "id")));
    const std::string folder = string_at(arguments, "folder");
    return said_of("move the mail " + id.text() + " to " + escaped(folder), {folder});
  };
  tool.probe = [mailbox](Json arguments, ToolContext& context) { return probe_move(mailbox, std::move(arguments), context); };
  return tool;
}

Tool email_save(MailboxTools mailbox) {
  const Tool write = file_write(mailbox.root);
  Json number = {{"type", "integer"}, {"minimum", 1}, {"description", "The attachment's number, as email.read gives it."}};
  Tool tool;
  tool.spec = {.name = "email.save",
               .description = "Save an attachment of a mail as a file.",
               .examples = {"Save the first attachment of INBOX/1700000000.42 as invoice.pdf"},
               .arguments = changing_schema({{"id", id_property()}, {"attachment", std::move(number)}, {"path", path_schema("Path of the file to write.")}},
                                            {"id", "attachment", "path"}),
               .effect = EffectClass::probeable,
               .roles = {{"id", ArgumentRole::id}, {"attachment", ArgumentRole::value}, {"path", ArgumentRole::destination}},
               .approval = ApprovalNeed::never,
               .result_trust = Trust::untrusted,
               .dispatches = true};
  tool.run = [store = mailbox.store, write](Json arguments, ToolContext& context) { return save_attachment(store, write, std::move(arguments), context); };
  tool.probe = [store = mailbox.store, write](Json arguments, ToolContext& context) { return probe_saved(store, write, std::move(arguments), context); };
  const SharedRoot root = share_root(mailbox.root);
  tool.preview = [root](const Json& arguments, const ToolContext&) -> Result<Preview> {
    DEED_TRY(const MailId id, MailId::parse(string_at(arguments, "id")));
    DEED_TRY(const FilePlace place, place_of(root, arguments));
    const std::string name = shown(place.path.text());
    return said_of("save attachment " + std::to_string(arguments.value("attachment", 0)) + " of the mail " + id.text() + " as " + name, {name});
  };
  // What the attachment holds is not known before it is fetched: any file that is there might be lost.
  tool.destroys = [root](const Json& arguments) {
    const auto place = place_of(root, arguments);
    if (!place) return true;
    const auto stamp = place->root->stamp(place->path);
    return stamp || stamp.error().kind != ErrorKind::not_found;
  };
  return tool;
}

}  // namespace deed
