// Lets coroutines of one loop wait until another says that something has changed; each then looks again for itself.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "deed/core/async.hpp"

namespace deed {

class Wakeup {
 public:
  /// Wakes all that wait now.
  void wake() {
    if (timer_) timer_->cancel();
  }
  asio::awaitable<void> wait() {
    auto executor = co_await asio::this_coro::executor;
    if (!timer_) timer_ = std::make_unique<asio::steady_timer>(executor, asio::steady_timer::time_point::max());
    [[maybe_unused]] auto woken = co_await timer_->async_wait(asio::as_tuple(asio::use_awaitable));
  }

 private:
  std::unique_ptr<asio::steady_timer> timer_;  // never expires
};

}  // namespace deed
