// A plugin of the tests, as C writes it: each tool is one way to behave, good or bad.
#pragma once

#include <atomic>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "deed/plugins/deed_plugin.h"

namespace deed::own_table {

inline deed_text text(const char* words) { return {words, std::strlen(words)}; }

inline deed_outcome done(const char* result) { return {sizeof(deed_outcome), DEED_SUCCEEDED, text(result), {nullptr, 0}, {nullptr, 0}}; }

inline deed_error finish_with(const deed_host* host, const deed_call* call, const char* result) {
  const deed_outcome outcome = done(result);
  return host->finish(host, call->id, &outcome);
}

inline void echo(const deed_host* host, deed_call* call) {
  const std::string result = "{\"got\":" + std::string(call->arguments.data, call->arguments.size) + ",\"key\":\"" + std::string(call->effect_key.data, call->effect_key.size) +
                             "\",\"attempt\":" + std::to_string(call->attempt) + "}";
  finish_with(host, call, result.c_str());
}
inline void twice(const deed_host* host, deed_call* call) {
  const std::uint64_t id = call->id;
  finish_with(host, call, "{\"which\":1}");
  const deed_outcome second = done("{\"which\":2}");
  if (host->finish(host, id, &second) != DEED_ERROR_NO_CALL) std::abort();
}
inline void null_outcome(const deed_host* host, deed_call* call) { host->finish(host, call->id, nullptr); }
inline void bad_utf8(const deed_host* host, deed_call* call) { finish_with(host, call, "\"\xff\""); }
inline void half_json(const deed_host* host, deed_call* call) { finish_with(host, call, "{\"a\":"); }
inline void no_status(const deed_host* host, deed_call* call) {
  deed_outcome outcome = done("1");
  outcome.status = static_cast<deed_status>(77);
  host->finish(host, call->id, &outcome);
}
inline void huge(const deed_host* host, deed_call* call) {
  const std::string text_of_100_mb(100u << 20, 'x');
  deed_outcome outcome = done("1");
  outcome.text = {text_of_100_mb.data(), text_of_100_mb.size()};
  host->finish(host, call->id, &outcome);
}
inline void throws(const deed_host*, deed_call*) { throw std::runtime_error("out of the plugin"); }
inline void from_ten_threads(const deed_host* host, deed_call* call) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 10; ++i) {
    threads.emplace_back([=, id = call->id] {
      const deed_outcome outcome = done("{\"from\":\"a thread\"}");
      host->progress(host, id, text("working"));
      host->finish(host, id, &outcome);
    });
  }
  for (std::thread& one : threads) one.join();
}
inline void later(const deed_host* host, deed_call* call) {
  std::thread([=, id = call->id] {
    const deed_outcome outcome = done("{\"later\":true}");
    host->finish(host, id, &outcome);
  }).detach();
}
/// Dispatches, and says what came of it.
inline void dispatch(const deed_host* host, deed_call* call) {
  const deed_error error = host->dispatching(host, call->id);
  deed_outcome outcome = done("{\"dispatched\":true}");
  if (error != DEED_ERROR_NONE) {
    outcome.status = DEED_FAILED_WITHOUT_EFFECT;
    outcome.result = {nullptr, 0};
    outcome.text = text("not dispatched");
  }
  host->finish(host, call->id, &outcome);
}
/// A thread of its own that answers when it is told to, which may be after everything of deed's is gone.
inline std::atomic<int> late_may_go = 0, late_was_told = -1;
inline void late(const deed_host* host, deed_call* call) {
  std::thread([=, id = call->id] {
    late_may_go.wait(0);
    host->progress(host, id, text("working"));
    host->log(host, text("still here"));
    const deed_outcome outcome = done("{\"late\":true}");
    late_was_told = static_cast<int>(host->finish(host, id, &outcome));
    late_was_told.notify_all();
  }).detach();
}
/// Waits until it is told to end; then answers all the same, which must not matter.
inline void until_cancelled(const deed_host* host, deed_call* call) {
  const std::uint64_t id = call->id;
  while (!host->is_cancelled(host, id)) std::this_thread::yield();
  const deed_outcome outcome = done("{\"late\":true}");
  host->finish(host, id, &outcome);
}
inline void never(const deed_host*, deed_call*) {}
inline void secret(const deed_host* host, deed_call* call) {
  std::string value = "none";
  const deed_error error = host->secret(host, call->id, call->arguments.size > 2 ? text("known") : text("other"),
      [](void* user, deed_text given) { static_cast<std::string*>(user)->assign(given.data, given.size); }, &value);
  finish_with(host, call, ("{\"error\":" + std::to_string(error) + ",\"value\":\"" + value + "\"}").c_str());
}
inline void http(const deed_host* host, deed_call* call) {
  const std::string url(call->arguments.data + 8, call->arguments.size - 10);  // {"url":"…"}
  const deed_http_request request{sizeof request, text("GET"), {url.data(), url.size()}, {nullptr, 0}, {nullptr, 0}};
  std::string body = "nothing";
  const deed_error error = host->http(host, call->id, &request,
      [](void* user, const deed_http_response* response) { static_cast<std::string*>(user)->assign(response->body.data, response->body.size); }, &body);
  finish_with(host, call, ("{\"error\":" + std::to_string(error) + ",\"body\":\"" + body + "\"}").c_str());
}
inline void preview(const deed_host* host, deed_call* call) {
  const deed_preview shown{sizeof shown, text("text/plain"), text("the bytes"), text("one line"), text("[\"ann@example.org\"]")};
  host->show_preview(host, call->id, &shown);
}
inline void probe(const deed_host* host, deed_call* call) { host->give_verdict(host, call->id, DEED_CONFIRMED, text("seen")); }

inline constexpr const char* any = R"({"type":"object","properties":{"name":{"type":"string"},"url":{"type":"string"}}})";

inline deed_tool tool(const char* name, void (*run)(const deed_host*, deed_call*), deed_effect effect = DEED_EFFECT_PURE, std::uint32_t flags = 0) {
  return {sizeof(deed_tool), name, "A tool of the tests", any, effect, flags, nullptr, nullptr, 0, 0, 0, nullptr, run, nullptr, nullptr, nullptr};
}

inline const deed_plugin* entry(const deed_host*) {
  static const std::vector<deed_tool> tools = [] {
    std::vector<deed_tool> all = {tool("echo", echo), tool("quick", echo, DEED_EFFECT_PURE, DEED_TOOL_QUICK), tool("quick_never", never, DEED_EFFECT_PURE, DEED_TOOL_QUICK),
                                  tool("twice", twice), tool("null_outcome", null_outcome), tool("bad_utf8", bad_utf8), tool("half_json", half_json),
                                  tool("no_status", no_status), tool("huge", huge), tool("throws", throws), tool("from_ten_threads", from_ten_threads),
                                  tool("later", later), tool("dispatch", dispatch, DEED_EFFECT_PROBEABLE, DEED_TOOL_DISPATCHES),
                                  tool("until_cancelled", until_cancelled), tool("beside", echo, DEED_EFFECT_PURE, DEED_TOOL_CONCURRENT),
                                  tool("until_cancelled_beside", until_cancelled, DEED_EFFECT_PURE, DEED_TOOL_CONCURRENT),
                                  tool("throws_after", [](const deed_host* host, deed_call* call) {
                                    host->dispatching(host, call->id);
                                    throw 7;
                                  }, DEED_EFFECT_ONCE, DEED_TOOL_DISPATCHES),
                                  tool("never", never), tool("late", late), tool("secret", secret), tool("http", http, DEED_EFFECT_READ)};
    for (deed_tool& one : all) {
      if (std::strcmp(one.name, "dispatch") == 0) one.preview = preview, one.probe = probe;
    }
    return all;
  }();
  static const std::vector<const deed_tool*> pointers = [] {
    std::vector<const deed_tool*> out;
    for (const deed_tool& one : tools) out.push_back(&one);
    return out;
  }();
  static const deed_plugin plugin{sizeof(deed_plugin), DEED_PLUGIN_ABI_VERSION, static_cast<std::uint32_t>(pointers.size()), "own", "1.0", pointers.data(), nullptr};
  return &plugin;
}

}  // namespace deed::own_table
