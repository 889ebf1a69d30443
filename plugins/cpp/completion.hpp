// How a call gets its outcome: once, whatever is thrown, from any thread, and with nothing thrown across the border to C. Part of
// deed_plugin.hpp.
#pragma once

#include "deed/plugins/cpp/values.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace deed::plugin {

namespace detail {

/// What makes an exception, or no answer at all, mean one outcome or the other.
struct EffectRule {
  Effect effect = Effect::once;
  bool dispatches = false;

  deed_status after_failure(bool is_dispatched) const {
    if (effect == Effect::pure || effect == Effect::read) return DEED_FAILED_WITHOUT_EFFECT;
    return dispatches && !is_dispatched ? DEED_FAILED_WITHOUT_EFFECT : DEED_UNKNOWN;
  }
};

/// Gives an outcome without allocating: the last resort.
inline void finish_plainly(const deed_host* host, std::uint64_t call, deed_status status, std::string_view what) noexcept {
  const deed_outcome wire = {sizeof(deed_outcome), status, {}, text_of(what), {}};
  host->finish(host, call, &wire);
}

/// JSON in UTF-8; bytes that are none become U+FFFD.
inline std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }
inline std::string as_utf8(const std::string& text) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return text;
  return Json::parse(dump(text)).get<std::string>();
}

inline void finish(const deed_host* host, std::uint64_t call, const Outcome& outcome) {
  const bool has_result = outcome.status == DEED_SUCCEEDED;
  const std::string result = has_result ? dump(outcome.result) : std::string();
  const std::string text = as_utf8(outcome.text);
  const std::string hint = as_utf8(outcome.hint);
  const deed_outcome wire = {sizeof(deed_outcome), outcome.status, text_of(result), text_of(text), text_of(hint)};
  host->finish(host, call, &wire);
}

/// The outcome of what is being thrown: to be called in a handler.
inline Outcome outcome_of_exception(deed_status otherwise) {
  try {
    throw;
  } catch (const Rejected& error) {
    return Outcome::rejected(error.what(), error.hint());
  } catch (const WithoutEffect& error) {
    return Outcome::failed_without_effect(error.what(), error.hint());
  } catch (const Error& error) {
    return {otherwise, nullptr, error.what(), error.hint()};
  } catch (const std::exception& error) {
    return {otherwise, nullptr, error.what(), {}};
  } catch (...) {
    return {otherwise, nullptr, "the tool threw something that is no std::exception", {}};
  }
}

/// In a handler: nothing is thrown from here, whatever was thrown before.
inline void finish_with_exception(const deed_host* host, std::uint64_t call, deed_status otherwise) noexcept {
  try {
    finish(host, call, outcome_of_exception(otherwise));
  } catch (...) {
    finish_plainly(host, call, otherwise, "out of memory");
  }
}

/// The threads of a plugin's calls. None of them runs its code any more when `join` has returned.
class Threads {
 public:
  ~Threads() { join(); }

  template <class F>
  void start(F work) {
    const std::lock_guard lock(mutex_);
    running_.remove_if([](Entry& entry) {
      if (!entry.is_over) return false;
      entry.thread.join();
      return true;
    });
    Entry& entry = running_.emplace_back();
    try {
      entry.thread = std::thread([work = std::move(work), &entry]() mutable {
        {
          F once = std::move(work);  // gone, with the completion in it, before the thread counts as over
          once();
        }
        entry.is_over = true;
      });
    } catch (...) {
      running_.pop_back();
      throw;
    }
  }
  void join() {
    const std::lock_guard lock(mutex_);
    for (Entry& entry : running_) entry.thread.join();
    running_.clear();
  }

 private:
  struct Entry {
    std::thread thread;
    std::atomic<bool> is_over{false};
  };
  std::mutex mutex_;  ///< guards the list
  std::list<Entry> running_;
};

/// An asynchronous call. Shared by its completion, wherever that goes, and by the thread that is still in the function.
class PendingCall {
 public:
  PendingCall(const deed_host* host, const deed_call& call, EffectRule rule, Threads& plugin_threads)
      : context(host, call), threads(plugin_threads), host_(host), id_(call.id), rule_(rule) {}

  void give(const Outcome& outcome) {
    if (take()) finish(host_, id_, outcome);
  }
  void give_exception() noexcept {
    if (take()) finish_with_exception(host_, id_, status_of_failure());
  }
  /// The completion is gone. While the function has not returned, what it throws says more.
  void abandon() noexcept {
    {
      const std::lock_guard lock(mutex_);
      if (is_in_function_) {
        is_abandoned_ = true;
        return;
      }
    }
    give_nothing();
  }
  /// The function returned, or threw (then in the handler).
  void leave(bool has_thrown) noexcept {
    {
      const std::lock_guard lock(mutex_);
      is_in_function_ = false;
      if (!is_abandoned_) return;
    }
    has_thrown ? give_exception() : give_nothing();
  }

  Context context;
  Threads& threads;  ///< of the plugin

 private:
  bool take() { return !has_outcome_.exchange(true); }
  deed_status status_of_failure() const { return rule_.after_failure(context.is_dispatched()); }
  void give_nothing() noexcept {
    if (take()) finish_plainly(host_, id_, status_of_failure(), "the tool ended without an answer");
  }

  const deed_host* host_;
  std::uint64_t id_;
  EffectRule rule_;
  std::atomic<bool> has_outcome_{false};
  std::mutex mutex_;  ///< guards the two below
  bool is_in_function_ = true, is_abandoned_ = false;
};

}  // namespace detail

/// Whoever holds it answers the call, once: further answers are ignored. Destroyed without an answer, the call ends as if an
/// exception had been thrown: unknown where an effect may have happened.
class Completion {
 public:
  explicit Completion(std::shared_ptr<detail::PendingCall> call) : call_(std::move(call)) {}
  Completion(Completion&&) = default;
  Completion& operator=(Completion&& other) noexcept {
    if (this != &other) {
      if (call_) call_->abandon();
      call_ = std::move(other.call_);
    }
    return *this;
  }
  ~Completion() {
    if (call_) call_->abandon();
  }

  Context& context() const { return call_->context; }
  void finish(const Outcome& outcome) { call_->give(outcome); }
  void succeed(Json result, std::string text = {}) { finish(Outcome::succeeded(std::move(result), std::move(text))); }
  /// In a handler: the outcome that what was thrown would have had in the function.
  void fail_with_current_exception() noexcept { call_->give_exception(); }

  /// `std::move(call).in_thread([…](Completion& answer) { … })`: on a thread of its own, which ends before the plugin is unloaded.
  /// What `work` throws means what it would mean in the function.
  template <class F>
  void in_thread(F work) && {
    detail::Threads& threads = call_->threads;
    threads.start([call = std::move(*this), work = std::move(work)]() mutable {
      try {
        work(call);
      } catch (...) {
        call.fail_with_current_exception();
      }
    });
  }

 private:
  std::shared_ptr<detail::PendingCall> call_;
};

}  // namespace deed::plugin
