// file.write and file.append: the whole new file is made beside the old one and takes its name in
// one step. A reader, and a crash, see the old file or the new one, never a part. The commit point
// lies before the rename.
#include "deed/core/text.hpp"
#include "deed/tools/builtin.hpp"
#include "deed/tools/file_place.hpp"
#include "deed/tools/text_diff.hpp"

#include <functional>
#include <utility>

namespace deed {
namespace {

// A file that is made ready, and what is said once it has its name.
struct ReadyFile {
  SharedRoot root;  ///< first, so that it outlives the staged file
  std::unique_ptr<StagedFile> staged;
  Outcome done;
  FilePlace place;
  std::optional<FileStamp>
      grew_from;  ///< append: the state of the file whose content is in the new one
  bool checks_growth = false;
};

Result<std::optional<FileStamp>> stamp_if_there(const FilePlace& place) {
  auto stamp = place.root->stamp(place.path);
  if (!stamp && stamp.error().kind == ErrorKind::not_found) return std::optional<FileStamp>();
  if (!stamp) return fail(std::move(stamp).error());
  return std::optional<FileStamp>(*stamp);
}

// Another program's lines that came in between would be lost by the rename.
Result<void> check_unchanged(const ReadyFile& ready) {
  if (!ready.checks_growth) return {};
  DEED_TRY(const auto now, stamp_if_there(ready.place));
  if (now == ready.grew_from) return {};
  return fail(ErrorKind::conflict,
              "another program changed the file meanwhile; nothing was appended",
              ready.place.path.text(), "call it again");
}

asio::awaitable<Outcome> commit(Result<ReadyFile> made, ToolContext& ctx) {
  if (!made) co_return Outcome::failed_without_effect(made.error());
  ReadyFile ready = *std::move(made);
  // From here to the rename the temporary file is the evidence for a probe.
  ready.staged->keep();
  auto dispatched = co_await ctx.dispatching();
  auto committed = dispatched ? check_unchanged(ready) : std::move(dispatched);
  if (committed) committed = ready.staged->commit();
  if (!committed) {
    ready.staged->discard();
    co_return Outcome::failed_without_effect(committed.error());
  }
  const auto synced = ready.staged->sync();
  if (!synced) {
    const std::string why =
        "the file has its name, but may lose it in a power cut: " + to_string(synced.error());
    co_return Outcome::unknown(why);
  }
  co_return std::move(ready.done);
}

Result<ReadyFile> ready_to_write(const SharedRoot& root, const Json& arguments,
                                 const std::string& key) {
  DEED_TRY(const FilePlace place, place_of(root, arguments));
  const std::string content = string_at(arguments, "content");
  DEED_TRY(const auto before, stamp_if_there(place));
  DEED_TRY(auto staged, place.root->stage(place.path, content, key));
  const std::string name = shown(place.path.text());
  Json result = {{"path", name}, {"size", content.size()}, {"created", !before}};
  std::string text =
      (before ? "Overwrote " : "Wrote ") + name + " (" + human_bytes(content.size()) + ").";
  return ReadyFile{.root = root,
                   .staged = std::move(staged),
                   .done = Outcome::succeeded(std::move(result), std::move(text)),
                   .place = place,
                   .grew_from = {}};
}

Result<ReadyFile> ready_to_append(const SharedRoot& root, const Json& arguments,
                                  const std::string& key) {
  DEED_TRY(const FilePlace place, place_of(root, arguments));
  const std::string content = string_at(arguments, "content");
  auto old = place.root->read_whole(place.path);
  const bool creates = !old && old.error().kind == ErrorKind::not_found;
  if (!old && !creates) return fail(std::move(old).error());
  std::string bytes = creates ? std::string() : std::move(old->bytes);
  bytes += content;
  DEED_TRY(auto staged, place.root->stage(place.path, bytes, key));
  const std::string name = shown(place.path.text());
  Json result = {{"path", name}, {"size", bytes.size()}, {"created", creates}};
  std::string text = "Appended " + human_bytes(content.size()) + " to " + name + ".";
  return ReadyFile{
      .staged = std::move(staged),
      .done = Outcome::succeeded(std::move(result), std::move(text)),
      .place = place,
      .grew_from = creates ? std::optional<FileStamp>() : std::optional<FileStamp>(old->stamp),
      .checks_growth = true};
}

Preview preview_of(const FilePlace& place, std::string bytes, std::string summary) {
  const std::string name = shown(place.path.text());
  return {.media_type = "text/plain",
          .bytes = std::move(bytes),
          .summary = std::move(summary),
          .destinations = {name}};
}

Result<Preview> preview_write(const SharedRoot& root, const Json& arguments) {
  DEED_TRY(const FilePlace place, place_of(root, arguments));
  DEED_TRY(const auto before, stamp_if_there(place));
  std::string content = string_at(arguments, "content");
  const std::string size = human_bytes(content.size());
  const std::string name = shown(place.path.text());
  std::string summary =
      before ? "overwrite " + name + " (" + human_bytes(before->size) + ") with " + size
             : "write " + size + " to " + name;
  Preview preview = preview_of(place, std::move(content), std::move(summary));
  if (before) {
    DEED_TRY(const FilePiece old, place.root->read_whole(place.path));
    preview.diff = unified_diff(name, old.bytes, preview.bytes);
  }
  return preview;
}

Result<Preview> preview_append(const SharedRoot& root, const Json& arguments) {
  DEED_TRY(const FilePlace place, place_of(root, arguments));
  DEED_TRY(const auto before, stamp_if_there(place));
  std::string content = string_at(arguments, "content");
  const std::string what = before ? "append " : "make a file of ";
  std::string summary =
      what + human_bytes(content.size()) + (before ? " to " : ": ") + shown(place.path.text());
  return preview_of(place, std::move(content), std::move(summary));
}

// Other content would be lost. What cannot be read might be.
bool overwrites_other_content(const SharedRoot& root, const Json& arguments) {
  const auto place = place_of(root, arguments);
  if (!place) return true;
  const auto old = place->root->read_whole(place->path);
  if (!old) return old.error().kind != ErrorKind::not_found;
  return old->bytes != string_at(arguments, "content");
}

// The temporary file was on disk before the commit point was recorded, and only the rename takes it
// away: it is there, so nothing happened; it is gone and the file has the content, so it did.
// Otherwise the file was written and changed, moved or deleted afterwards, and writing it again
// might destroy what somebody made of it: that is not for a probe to decide.
Result<ProbeResult> probe_write(const SharedRoot& root, const Json& arguments,
                                const std::string& key) {
  using Verdict = ProbeResult::Verdict;
  DEED_TRY(const FilePlace place, place_of(root, arguments));
  const std::string name = shown(place.path.text());
  DEED_TRY(const bool is_staged, place.root->has_staged(place.path, key));
  if (is_staged)
    return ProbeResult{Verdict::refuted,
                       name + " was not written: its temporary file is still there"};
  const auto now = place.root->read_whole(place.path);
  if (!now && now.error().kind == ErrorKind::not_found) {
    return ProbeResult{
        Verdict::undecided,
        name + " is not there, nor its temporary file: it was written and then moved or deleted"};
  }
  if (!now) return fail(now.error());
  if (now->bytes == string_at(arguments, "content"))
    return ProbeResult{Verdict::confirmed, name + " has exactly this content"};
  return ProbeResult{
      Verdict::undecided,
      name + " has other content, and its temporary file is gone: it was written and then changed"};
}

asio::awaitable<ProbeResult> probe(SharedRoot root, Json arguments, ToolContext& ctx) {
  auto found = probe_write(root, arguments, ctx.effect_key());
  if (!found) co_return ProbeResult{ProbeResult::Verdict::undecided, to_string(found.error())};
  co_return *std::move(found);
}

Json write_schema(const char* path, const char* content) {
  Json properties = {{"path", path_schema(path)},
                     {"content", {{"type", "string"}, {"description", content}}}};
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", {"path", "content"}},
          {"additionalProperties", false}};
}

std::map<std::string, ArgumentRole> write_roles() {
  return {{"path", ArgumentRole::destination}, {"content", ArgumentRole::text}};
}

}  // namespace

Tool file_write(std::string root) {
  const SharedRoot shared = share_root(root);
  return {
      .spec = {.name = "file.write",
               .description = "Write text into a file. A file that is there is replaced.",
               .examples = {"Save \"call the bank\" to todo.txt",
                            "Create a new file plan.md that says: first paint, then sand.",
                            "Put the words one, two and three into the file numbers.txt",
                            "Make a note for me in ideas/today.txt: a red door.",
                            "Replace what is in status.txt with \"done\".",
                            "Store, record, put, stick, write or jot down a text in a file; overwrite or change it, or make, start or create a fresh one.",
                            "Draft, prepare, keep, capture, preserve or leave something as a file, in it or into it, file it as a copy; copy or duplicate it under another name.",
                             "Dump, pop, bung, scribble or type it into a fresh file, back up, clone; as its only content, nothing else, from scratch, instead; wipe, blank, clear, reset or empty it."},
               .arguments =
                   write_schema("Path of the file to write.", "Text to write into the file."),
               .effect = EffectClass::probeable,
               .roles = write_roles(),
               .approval = ApprovalNeed::never,
               .result_trust = Trust::tool,
               .dispatches = true},
      .run =
          [shared](Json arguments, ToolContext& ctx) {
            return commit(ready_to_write(shared, arguments, ctx.effect_key()), ctx);
          },
      .preview = [shared](const Json& arguments,
                          const ToolContext&) { return preview_write(shared, arguments); },
      .probe = [shared](Json arguments,
                        ToolContext& ctx) { return probe(shared, std::move(arguments), ctx); },
      .destroys =
          [shared](const Json& arguments) { return overwrites_other_content(shared, arguments); }};
}

Tool file_append(std::string root) {
  const SharedRoot shared = share_root(root);
  return {
      .spec = {.name = "file.append",
               .description = "Add text to the end of a file. A file that is not there is made.",
               .examples = {"Add \"- eggs\" to the end of shopping.md",
                            "Append a line to log.txt: done at five.",
                            "Put one more entry into names.csv: Ann,12",
                            "Please note another point at the bottom of minutes.txt, after the others: budget.",
                            "Also write \"bread\" on my list list.txt, keep what is there.",
                            "Tack on, insert, extend, supplement, continue or log another, further, next or last line, entry, item or remark after, below or at the bottom or foot of it too.",
                            "Stick or put more underneath, under the rest, the others or what is there; at the tail, on the end; make an entry, enter or register in the log, ledger or diary.",
                             "Tag, pin, throw, chuck, pop, whack or slot on one more row, record, paragraph, bullet or thing; add up, amend, as well, without touching the rest, leave what is there."},
               .arguments = write_schema("Path of the file to add to.",
                                         "Text to add at the end of the file."),
               .effect = EffectClass::once,
               .roles = write_roles(),
               .approval = ApprovalNeed::never,
               .result_trust = Trust::tool,
               .dispatches = true},
      .run =
          [shared](Json arguments, ToolContext& ctx) {
            return commit(ready_to_append(shared, arguments, ctx.effect_key()), ctx);
          },
      .preview = [shared](const Json& arguments,
                          const ToolContext&) { return preview_append(shared, arguments); }};
}

}  // namespace deed
