// Runs a coroutine with a deadline and an interrupt, each of which cancels it; the coroutine itself always ends first.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "deed/agent/interrupt.hpp"
#include "deed/core/async.hpp"

namespace deed {

template <class T>
struct Bounded {
  std::optional<T> value;   ///< what the coroutine gave back, if it did
  std::string exception;    ///< what it threw instead
  bool timed_out = false;
  bool cancelled = false;   ///< it ended by cancellation, without a value
};

namespace detail {
template <class T>
asio::awaitable<void> fill(asio::awaitable<T> work, std::shared_ptr<Bounded<T>> out) {
  try {
    T value = co_await std::move(work);
    out->value.emplace(std::move(value));
  } catch (const boost::system::system_error& e) {
    out->cancelled = e.code() == asio::error::operation_aborted;
    if (!out->cancelled) out->exception = e.what();
  } catch (const std::exception& e) {
    out->exception = e.what();
  } catch (...) {
    out->exception = "an exception of an unknown type";
  }
}
}  // namespace detail

namespace detail {
// Shared with its own handler, which may still be queued when the coroutine has ended.
class Deadline : public std::enable_shared_from_this<Deadline> {
 public:
  Deadline(const asio::any_io_executor& executor, std::chrono::milliseconds timeout, std::function<void()> passed)
      : timer_(executor), timeout_(timeout), passed_(std::move(passed)) {}
  void arm(std::chrono::milliseconds extra) {
    if (timeout_.count() <= 0 || ended_) return;
    timer_.expires_after(timeout_ + extra);
    // A wait that was over before it could be cancelled counts no more.
    timer_.async_wait([self = shared_from_this(), round = ++round_](const boost::system::error_code& ec) {
      if (!ec && round == self->round_ && !self->ended_) self->passed_();
    });
  }
  void end() {
    ended_ = true;
    timer_.cancel();
  }

 private:
  asio::steady_timer timer_;
  std::chrono::milliseconds timeout_;
  std::function<void()> passed_;
  bool ended_ = false;
  std::int64_t round_ = 0;
};
}  // namespace detail

/// timeout  0: none. interrupt, renewal  may be null; borrowed until the end
template <class T>
asio::awaitable<Bounded<T>> run_bounded(asio::awaitable<T> work, std::chrono::milliseconds timeout, Interrupt* interrupt,
                                        Renewal* renewal = nullptr) {
  auto executor = co_await asio::this_coro::executor;
  // Shared with the deadline, which may be queued when the coroutine has ended.
  auto out = std::make_shared<Bounded<T>>();
  auto signal = std::make_shared<asio::cancellation_signal>();
  auto deadline = std::make_shared<detail::Deadline>(executor, timeout, [out, signal] {
    out->timed_out = true;
    signal->emit(asio::cancellation_type::terminal);
  });
  deadline->arm({});
  if (renewal) {
    renewal->attach([weak = std::weak_ptr(deadline)](std::chrono::milliseconds extra) {
      if (const auto live = weak.lock()) live->arm(extra);
    });
  }
  std::function<void()> cancel = [weak = std::weak_ptr(signal)] {
    if (const auto live = weak.lock()) live->emit(asio::cancellation_type::terminal);
  };
  const Interrupt::Attachment attachment = interrupt ? interrupt->attach(std::move(cancel)) : Interrupt::Attachment();
  auto token = asio::bind_cancellation_slot(signal->slot(), asio::use_awaitable);
  asio::awaitable<void> filling = detail::fill(std::move(work), out);
  co_await asio::co_spawn(executor, std::move(filling), token);
  deadline->end();
  co_return std::move(*out);
}

}  // namespace deed
