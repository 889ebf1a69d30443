// Recorded answers of providers, and what must hold for each of them whatever the wire format: cut anywhere, ended anywhere.
#pragma once

#include "deed/llm/remote/reply_reader.hpp"
#include "deed/tests/fakes/matchers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

inline std::string load_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

/// `NAME.sse` (or `NAME.json`, a body that is not streamed) and the reply that it means, `NAME.reply.json`.
struct Recording {
  std::string name, body, type;
  Json reply;
  friend void PrintTo(const Recording& recording, std::ostream* out) { *out << recording.name; }
};

inline std::vector<Recording> recordings_in(const std::string& folder) {
  const auto root = std::filesystem::path(DEED_SOURCE_DIR) / "tests/data" / folder;
  std::vector<Recording> out;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    const std::string file = entry.path().filename();
    const std::size_t suffix = file.find(".reply.json");
    if (suffix == std::string::npos) continue;
    Recording recording{.name = file.substr(0, suffix), .type = "text/event-stream; charset=utf-8"};
    auto body = root / (recording.name + ".sse");
    if (!std::filesystem::exists(body)) {
      body = root / (recording.name + ".json");
      recording.type = "application/json";
    }
    recording.body = load_file(body);
    recording.reply = parse_json(load_file(entry.path())).value();
    out.push_back(std::move(recording));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

inline ReplyReader::Options recorded_options() {
  std::vector<ToolDefinition> tools;
  for (const char* name : {"email.send", "http.get", "file.read", "file.list", "time.now"}) tools.push_back({.name = name, .description = {}});
  ReplyReader::Options options{.endpoint = {.where = "http://test/v1"}};
  options.calls.names = ToolNames(tools);
  options.calls.id_seed = [] { return "seed"; };
  return options;
}

inline Json reply_to_json(const Reply& reply) {
  Json calls = Json::array();
  for (const ToolCall& call : reply.tool_calls) calls.push_back({{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
  Json out = {{"text", reply.text}, {"reasoning", reply.reasoning}, {"tool_calls", std::move(calls)}};
  for (const auto& [id, text] : reply.bad_arguments) out["bad_arguments"].push_back(Json::array({id, text}));
  out["stop"] = to_string(reply.stop);
  out["usage"] = {{"input", reply.usage.input},
                  {"cached", reply.usage.cached},
                  {"cache_written", reply.usage.cache_written},
                  {"output", reply.usage.output},
                  {"reasoning", reply.usage.reasoning}};
  out["model"] = reply.model;
  if (!reply.replay.provider.empty()) out["replay"] = {{"provider", reply.replay.provider}, {"items", reply.replay.items}};
  return out;
}

using MakeReader = std::function<std::unique_ptr<ReplyReader>(ReplyReader::Options)>;

struct ReadOutcome {
  Result<Reply> reply;
  std::vector<StreamEvent> events;
};

inline ReadOutcome read_pieces(const MakeReader& make, const std::vector<std::string_view>& pieces, std::string_view type = "text/event-stream",
                               ReplyReader::Options options = recorded_options()) {
  const std::unique_ptr<ReplyReader> reader = make(std::move(options));
  std::vector<StreamEvent> all;
  const auto keep = [&](std::vector<StreamEvent> events) {
    for (StreamEvent& event : events) all.push_back(std::move(event));
  };
  for (const std::string_view piece : pieces) {
    auto events = reader->feed(piece);
    if (!events) return {fail(events.error()), all};
    keep(*std::move(events));
  }
  Result<Reply> reply = reader->finish(type);
  keep(reader->take_events());
  return {std::move(reply), std::move(all)};
}

/// What a sink that only concatenates has seen.
struct Heard {
  std::string text, reasoning;
  std::map<std::string, std::string> arguments;
  bool operator==(const Heard&) const = default;
};

inline Heard hear(const std::vector<StreamEvent>& events) {
  Heard heard;
  for (const StreamEvent& event : events) {
    if (const auto* text = std::get_if<TextDelta>(&event)) heard.text += text->text;
    if (const auto* thought = std::get_if<ReasoningDelta>(&event)) heard.reasoning += thought->text;
    if (const auto* call = std::get_if<ToolCallDelta>(&event)) heard.arguments[call->id] += call->arguments;
  }
  return heard;
}

inline void expect_its_reply(const MakeReader& make, const Recording& recording) {
  const auto [reply, events] = read_pieces(make, {recording.body}, recording.type);
  ASSERT_OK(reply);
  EXPECT_EQ(to_text(reply_to_json(*reply), 2), to_text(recording.reply, 2));
  const Heard heard = hear(events);
  EXPECT_EQ(heard.text, reply->text);
  EXPECT_EQ(heard.reasoning, reply->reasoning);
  EXPECT_EQ(heard.arguments.size(), reply->tool_calls.size());
}

inline void expect_the_same_wherever_cut_in_two(const MakeReader& make, const Recording& recording) {
  const std::string_view body = recording.body;
  const Heard whole = hear(read_pieces(make, {body}, recording.type).events);
  for (std::size_t i = 0; i <= body.size(); ++i) {
    const auto [reply, events] = read_pieces(make, {body.substr(0, i), body.substr(i)}, recording.type);
    ASSERT_OK(reply) << "cut at " << i;
    ASSERT_EQ(reply_to_json(*reply), recording.reply) << "cut at " << i;
    ASSERT_EQ(hear(events), whole) << "cut at " << i;
  }
}

inline void expect_the_same_byte_by_byte(const MakeReader& make, const Recording& recording) {
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < recording.body.size(); ++i) bytes.push_back(std::string_view(recording.body).substr(i, 1));
  const auto [reply, events] = read_pieces(make, bytes, recording.type);
  ASSERT_OK(reply);
  EXPECT_EQ(reply_to_json(*reply), recording.reply);
}

/// `terminal` is the first length at which the terminal marker is there.
inline void expect_an_error_before(std::size_t terminal, const MakeReader& make, const Recording& recording) {
  ASSERT_LE(terminal, recording.body.size());
  for (std::size_t i = 0; i < terminal; ++i) {
    const Result<Reply> reply = read_pieces(make, {std::string_view(recording.body).substr(0, i)}, recording.type).reply;
    ASSERT_THAT(reply, IsError(ErrorKind::corrupt, testing::HasSubstr("ended early"))) << "cut at " << i;
  }
}

inline void expect_all_but_the_usage_from(std::size_t terminal, const MakeReader& make, const Recording& recording) {
  for (std::size_t i = terminal; i < recording.body.size(); ++i) {
    const Result<Reply> reply = read_pieces(make, {std::string_view(recording.body).substr(0, i)}, recording.type).reply;
    ASSERT_OK(reply) << "cut at " << i;
    Json got = reply_to_json(*reply);
    got["usage"] = recording.reply["usage"];
    ASSERT_EQ(got, recording.reply) << "cut at " << i;
  }
}

}  // namespace deed
