// Runs a coroutine to its end on an io_context of its own, or on one that the test has.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>

#include "deed/core/async.hpp"

namespace deed {

/// Returns what `work` gave back; runs `io` until then. Fails the process if the coroutine never ends.
template <class T>
T run_async(asio::io_context& io, asio::awaitable<T> work) {
  std::optional<T> value;
  const auto root = [](asio::awaitable<T> inner, std::optional<T>& out) -> asio::awaitable<void> {
    T result = co_await std::move(inner);
    out.emplace(std::move(result));
  };
  std::exception_ptr failure;
  bool ended = false;
  asio::co_spawn(io, root(std::move(work), value), [&](std::exception_ptr e) { failure = e, ended = true; });
  io.restart();
  while (!ended && io.run_one() > 0) {
  }
  if (failure) std::rethrow_exception(failure);
  DEED_CHECK(value.has_value(), "the coroutine did not end");
  return *std::move(value);
}

}  // namespace deed
