// file.move: another name for a file or folder, in one step that overwrites nothing.
#include "deed/core/text.hpp"
#include "deed/tools/builtin.hpp"
#include "deed/tools/file_place.hpp"
#include "deed/tools/move_beneath.hpp"

#include <utility>

namespace deed {
namespace {

struct Move {
  SharedRoot shared;  ///< keeps the folder open
  const RootDir* root;
  RelativePath from, to;
};

Result<bool> is_there(const RootDir& root, const RelativePath& path) {
  const auto look = root.look(path);
  if (!look && look.error().kind != ErrorKind::not_found) return fail(look.error());
  return look.has_value();
}

// A folder that is there stands for the place in it: "archive" means "archive/a.txt".
Result<Move> move_of(const SharedRoot& shared, const Json& arguments) {
  if (!*shared) return fail(shared->error());
  const RootDir& root = *shared->value();
  DEED_TRY(const RelativePath from, root.parse(string_at(arguments, "from")));
  DEED_TRY(RelativePath to, root.parse(string_at(arguments, "to")));
  const auto look = root.look(to);
  const bool into = string_at(arguments, "to").ends_with('/') || (look && look->kind == EntryKind::folder);
  if (into && !from.is_root()) {
    DEED_TRY(to, root.parse((to.is_root() ? "" : to.text() + "/") + std::string(from.name())));
  }
  return Move{shared, &root, from, to};
}

// What would fail, fails before anybody is asked.
Result<Move> ready_to_move(const SharedRoot& shared, const Json& arguments) {
  DEED_TRY(Move move, move_of(shared, arguments));
  DEED_OK(check_move_names(move.from, move.to));
  DEED_TRY(const EntryLook look, move.root->look(move.from));
  if (look.kind == EntryKind::link) return fail(ErrorKind::invalid, "it is a link, and links are not moved", move.from.text());
  DEED_TRY(const bool taken, is_there(*move.root, move.to));
  if (taken) return fail(ErrorKind::conflict, "something has that name already", move.to.text(), "choose another name");
  return move;
}

asio::awaitable<Outcome> carry_out(Result<Move> made, ToolContext& ctx) {
  if (!made) co_return Outcome::failed_without_effect(made.error());
  const Move move = *std::move(made);
  auto dispatched = co_await ctx.dispatching();
  auto moved = dispatched ? move.root->move(move.from, move.to) : std::move(dispatched);
  if (!moved) co_return Outcome::failed_without_effect(moved.error());
  const auto synced = move.root->sync_move(move.from, move.to);
  if (!synced) {
    const std::string why = "it has its new name, but may lose it in a power cut: " + to_string(synced.error());
    co_return Outcome::unknown(why);
  }
  const std::string from = shown(move.from.text()), to = shown(move.to.text());
  Json result = {{"from", from}, {"to", to}};
  std::string text = "Moved " + from + " to " + to + ".";
  co_return Outcome::succeeded(std::move(result), std::move(text));
}

Result<Preview> preview_move(const SharedRoot& shared, const Json& arguments) {
  DEED_TRY(const Move move, ready_to_move(shared, arguments));
  const std::string from = shown(move.from.text()), to = shown(move.to.text());
  return Preview{.media_type = "text/plain",
                 .bytes = "rename " + from + "\nto     " + to + "\n",
                 .summary = "move " + from + " to " + to,
                 .destinations = {from, to}};
}

std::int64_t nanoseconds(TimePoint time) { return std::chrono::nanoseconds(time.time_since_epoch()).count(); }

// Before the commit point `from` was there and its new name was not. If the arguments name a folder, that may be the moved one, or
// one that it went into.
Result<bool> has_arrived(const Move& move, const RelativePath& named, TimePoint dispatched) {
  DEED_TRY(const bool is_in_it, is_there(*move.root, move.to));
  if (is_in_it || move.to == named) return is_in_it;
  const auto look = move.root->look(named);
  if (!look) return false;
  // File systems are told the time in steps of at most 10 ms.
  return look->changed_ns >= nanoseconds(dispatched) - 20'000'000;
}

// The time of its last change tells what stayed where it was from what somebody made anew under its name.
Result<ProbeResult> probe_move(const SharedRoot& shared, const Json& arguments, TimePoint dispatched) {
  using Verdict = ProbeResult::Verdict;
  DEED_TRY(const Move move, move_of(shared, arguments));
  DEED_TRY(const RelativePath named, move.root->parse(string_at(arguments, "to")));
  const std::string from = shown(move.from.text()), to = shown(move.to.text());
  const auto old = move.root->look(move.from);
  if (!old && old.error().kind != ErrorKind::not_found) return fail(old.error());
  if (!old) {
    DEED_TRY(const bool arrived, has_arrived(move, named, dispatched));
    if (arrived) return ProbeResult{Verdict::confirmed, from + " is not there any more, and " + shown(named.text()) + " is"};
    return ProbeResult{Verdict::undecided, "neither " + from + " nor " + to + " is there"};
  }
  DEED_TRY(const bool is_taken, is_there(*move.root, move.to));
  if (is_taken) return ProbeResult{Verdict::undecided, "both " + from + " and " + to + " are there"};
  if (old->changed_ns > nanoseconds(dispatched))
    return ProbeResult{Verdict::undecided, to + " is not there, and " + from + " was changed or made anew since"};
  return ProbeResult{Verdict::refuted, from + " is where it was, and " + to + " is not there"};
}

asio::awaitable<ProbeResult> look_for_move(SharedRoot shared, Json arguments, ToolContext& ctx) {
  auto found = probe_move(shared, arguments, ctx.dispatched_at());
  if (!found) co_return ProbeResult{ProbeResult::Verdict::undecided, to_string(found.error())};
  co_return *std::move(found);
}

}  // namespace

Tool file_move(std::string root) {
  const SharedRoot shared = share_root(root);
  return {
      .spec = {.name = "file.move",
               .description = "Move or rename a file or folder. Nothing is overwritten.",
               .examples = {"Rename draft.txt to final.txt",
                            "Move scan.pdf into the folder archive",
                            "Please give old.csv the name 2024.csv",
                            "Put the file inbox/letter.txt into letters/2024, where it belongs.",
                            "Move, rename, relocate, shift, transfer or archive a file or folder; file it away under or change its name."},
               .arguments = {{"type", "object"},
                             {"properties",
                              {{"from", path_schema("Path of the file or folder as it is now.")},
                               {"to", path_schema("Its new path, or the folder it goes into.")}}},
                             {"required", {"from", "to"}},
                             {"additionalProperties", false}},
               .effect = EffectClass::probeable,
               .roles = {{"from", ArgumentRole::id}, {"to", ArgumentRole::destination}},
               .approval = ApprovalNeed::never,
               .result_trust = Trust::tool,
               .dispatches = true},
      .run = [shared](Json arguments, ToolContext& ctx) { return carry_out(ready_to_move(shared, arguments), ctx); },
      .preview = [shared](const Json& arguments, const ToolContext&) { return preview_move(shared, arguments); },
      .probe = [shared](Json arguments, ToolContext& ctx) { return look_for_move(shared, std::move(arguments), ctx); }};
}

}  // namespace deed
