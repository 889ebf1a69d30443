// The type of everything that takes time: a coroutine that ends with a Result.
// Rules that keep g++ 12 from miscompiling coroutines are in docs/extending.md; a test refuses the known bad shapes.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "deed/core/result.hpp"

namespace deed {

namespace asio = boost::asio;

/// Runs on the loop thread. Expected failures are values; cancellation is an Error of kind `cancelled`.
template <class T>
using Async = asio::awaitable<Result<T>>;

}  // namespace deed
