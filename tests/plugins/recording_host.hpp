// deed's side of the C interface in memory: keeps what a plugin answers, and lends it what a test gave. Checks what a host is
// promised: one answer a call, JSON and UTF-8.
#pragma once

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "deed/plugins/deed_plugin.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace deed::tests {

/// What a call was answered with: an outcome, a preview or a verdict.
struct RecordedAnswer {
  std::optional<deed_status> status;
  nlohmann::json result;
  std::string text, hint;
  std::optional<std::string> preview;
  std::string media_type, summary, destinations;
  std::optional<deed_verdict> verdict;
  std::string evidence;
};

class RecordingHost {
  deed_host table_ = {};  ///< the first member: `self` finds the rest by it

 public:
  RecordingHost() {
    table_.size = sizeof(deed_host);
    table_.abi_version = DEED_PLUGIN_ABI_VERSION;
    table_.finish = [](const deed_host* host, uint64_t, const deed_outcome* outcome) { return self(host).on_finish(*outcome); };
    table_.show_preview = [](const deed_host* host, uint64_t, const deed_preview* preview) {
      RecordedAnswer answer;
      answer.preview = text(preview->bytes);
      answer.media_type = text(preview->media_type);
      answer.summary = text(preview->summary);
      answer.destinations = text(preview->destinations);
      return self(host).keep(std::move(answer));
    };
    table_.give_verdict = [](const deed_host* host, uint64_t, deed_verdict verdict, deed_text evidence) {
      RecordedAnswer answer;
      answer.verdict = verdict;
      answer.evidence = text(evidence);
      return self(host).keep(std::move(answer));
    };
    table_.dispatching = [](const deed_host* host, uint64_t) {
      if (self(host).dispatching_error == DEED_ERROR_NONE) ++self(host).dispatched;
      return self(host).dispatching_error;
    };
    table_.is_cancelled = [](const deed_host* host, uint64_t) { return self(host).is_cancelled ? 1 : 0; };
    table_.time_left_ms = [](const deed_host*, uint64_t) -> int64_t { return 1500; };
    table_.progress = [](const deed_host* host, uint64_t, deed_text line) { self(host).progress.push_back(text(line)); };
    table_.log = [](const deed_host* host, deed_text line) { self(host).log.push_back(text(line)); };
    table_.secret = [](const deed_host* host, uint64_t, deed_text name, deed_text_receiver receive, void* user) {
      const auto found = self(host).secrets.find(text(name));
      if (found == self(host).secrets.end()) return DEED_ERROR_DENIED;
      receive(user, {found->second.data(), found->second.size()});
      return DEED_ERROR_NONE;
    };
    table_.http = [](const deed_host* host, uint64_t, const deed_http_request* request, deed_http_receiver receive, void* user) {
      self(host).requested = text(request->method) + " " + text(request->url) + " " + text(request->headers) + " " + text(request->body);
      if (self(host).http_error != DEED_ERROR_NONE) return self(host).http_error;
      const std::string& headers = self(host).response_headers;
      const deed_http_response response = {sizeof(deed_http_response), 201, {headers.data(), headers.size()}, {"\0body", 5}};
      receive(user, &response);
      return DEED_ERROR_NONE;
    };
  }
  RecordingHost(const RecordingHost&) = delete;
  RecordingHost& operator=(const RecordingHost&) = delete;

  const deed_host* table() const { return &table_; }

  /// Calls `run` and waits for the answer.
  RecordedAnswer run(const deed_tool& tool, const std::string& arguments) { return call(tool, tool.run, arguments); }
  RecordedAnswer preview(const deed_tool& tool, const std::string& arguments) { return call(tool, tool.preview, arguments); }
  RecordedAnswer probe(const deed_tool& tool, const std::string& arguments) { return call(tool, tool.probe, arguments); }

  int answers() {
    const std::lock_guard lock(mutex_);
    return answers_;
  }

  deed_error dispatching_error = DEED_ERROR_NONE, http_error = DEED_ERROR_NONE;
  int dispatched = 0;
  bool is_cancelled = false;
  std::map<std::string, std::string> secrets;
  std::vector<std::string> progress, log;
  std::string requested, response_headers = R"({"content-type": "text/plain"})";

 private:
  static std::string text(deed_text text) { return text.data ? std::string(text.data, text.size) : std::string(); }
  static RecordingHost& self(const deed_host* host) {
    return *const_cast<RecordingHost*>(reinterpret_cast<const RecordingHost*>(host));
  }

  RecordedAnswer call(const deed_tool& tool, void (*function)(const deed_host*, deed_call*), const std::string& arguments) {
    const std::string key(64, 'a');
    deed_call call = {};
    call.size = sizeof(deed_call);
    call.id = ++last_call_;
    call.tool_state = tool.state;
    call.arguments = {arguments.data(), arguments.size()};
    call.effect_key = {key.data(), key.size()};
    call.attempt = 2;
    call.proposed_at_ms = 1700000000000;
    call.dispatched_at_ms = 1700000000500;
    answer_.reset();
    function(&table_, &call);
    std::unique_lock lock(mutex_);
    has_answer_.wait(lock, [this] { return answer_.has_value(); });
    return *answer_;
  }

  deed_error on_finish(const deed_outcome& outcome) {
    RecordedAnswer answer;
    answer.status = outcome.status;
    answer.text = text(outcome.text);
    answer.hint = text(outcome.hint);
    if (outcome.result.size > 0) {
      answer.result = nlohmann::json::parse(text(outcome.result), nullptr, false);
      EXPECT_FALSE(answer.result.is_discarded()) << text(outcome.result);
    }
    EXPECT_NO_THROW(nlohmann::json({answer.text, answer.hint}).dump()) << "not UTF-8";
    return keep(std::move(answer));
  }
  deed_error keep(RecordedAnswer answer) {
    const std::lock_guard lock(mutex_);
    if (answer_) return DEED_ERROR_NO_CALL;
    answer_ = std::move(answer);
    ++answers_;
    has_answer_.notify_all();
    return DEED_ERROR_NONE;
  }

  std::uint64_t last_call_ = 0;
  std::mutex mutex_;  ///< guards the answer
  std::condition_variable has_answer_;
  std::optional<RecordedAnswer> answer_;
  int answers_ = 0;
};

}  // namespace deed::tests
