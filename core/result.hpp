// How everything that the world can make fail is reported: a value or an Error, never an exception.
// Member names are those of std::expected (C++23), so that Result can become an alias of it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "deed/core/check.hpp"

namespace deed {

/// What the caller may do now. The texts of an Error are for people; nobody parses them.
enum class ErrorKind {
  invalid,      ///< the input is wrong: mend it and call again
  not_found,    ///< there is no such thing
  conflict,     ///< somebody else changed or owns it
  denied,       ///< a policy or the system refuses
  unavailable,  ///< try again later
  timeout,      ///< no answer in time; an effect may have happened unless said otherwise
  cancelled,    ///< the caller asked for it
  limit,        ///< a budget or a largest size was reached
  corrupt,      ///< stored data or a peer's bytes are damaged
  unsupported,  ///< understood, but not available here
  internal,     ///< a fault of this program
};

/// The enumerator's name as it stands in JSON and in the journal.
const char* to_string(ErrorKind kind);

/// One failure, told for people: what happened, where (a path, JSON pointer, line and column, host; never a
/// secret), and what to do about it. `where` and `hint` may be empty.
struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string what;
  std::string where = {};
  std::string hint = {};

  bool operator==(const Error&) const = default;
};

/// "what (where): hint" on one line.
std::string to_string(const Error& error);

/// Carries an Error into a Result. Made by `fail`.
struct Unexpected {
  Error error;
};

/// `return fail(ErrorKind::invalid, "no such tool", "/name", "see `deed tools list`");`
inline Unexpected fail(ErrorKind kind, std::string what, std::string where = {},
                       std::string hint = {}) {
  return {Error{kind, std::move(what), std::move(where), std::move(hint)}};
}
inline Unexpected fail(Error error) { return {std::move(error)}; }

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  using error_type = Error;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}             // NOLINT
  Result(Unexpected failure) : state_(std::in_place_index<1>, std::move(failure.error)) {}  // NOLINT

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  /// Precondition: has_value(); else the process ends.
  T& value() & { return check(), std::get<0>(state_); }
  const T& value() const& { return check(), std::get<0>(state_); }
  T&& value() && { return check(), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  T value_or(T other) const& { return has_value() ? std::get<0>(state_) : std::move(other); }

  /// Precondition: !has_value(); else the process ends.
  const Error& error() const& { return check_error(), std::get<1>(state_); }
  Error& error() & { return check_error(), std::get<1>(state_); }
  Error&& error() && { return check_error(), std::get<1>(std::move(state_)); }

 private:
  void check() const {
    DEED_CHECK(has_value(), ("value() of a failed Result: " + to_string(std::get<1>(state_))).c_str());
  }
  void check_error() const { DEED_CHECK(!has_value(), "error() of a Result that holds a value"); }

  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  using error_type = Error;

  Result() = default;
  Result(Unexpected failure) : error_(std::move(failure.error)) {}  // NOLINT

  bool has_value() const { return !error_; }
  explicit operator bool() const { return has_value(); }
  void value() const { DEED_CHECK(has_value(), "value() of a failed Result"); }
  void operator*() const { value(); }
  const Error& error() const& {
    DEED_CHECK(error_, "error() of a Result that holds a value");
    return *error_;
  }
  Error&& error() && {
    DEED_CHECK(error_, "error() of a Result that holds a value");
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

/// Adds what a lower layer could not know; texts that are already there stay.
template <class T>
Result<T> with_context(Result<T> result, std::string where, std::string hint = {}) {
  if (result) return result;
  Error error = std::move(result).error();
  if (error.where.empty()) error.where = std::move(where);
  if (error.hint.empty()) error.hint = std::move(hint);
  return fail(std::move(error));
}

}  // namespace deed

#define DEED_CONCAT_INNER(a, b) a##b
#define DEED_CONCAT(a, b) DEED_CONCAT_INNER(a, b)
#define DEED_TRY_IMPL(tmp, give_back, decl, ...)                             \
  auto tmp = __VA_ARGS__;                                                    \
  if (!tmp) give_back ::deed::Unexpected{std::move(tmp).error()};            \
  decl = *std::move(tmp)
#define DEED_OK_IMPL(tmp, give_back, ...) \
  if (auto tmp = __VA_ARGS__; !tmp) give_back ::deed::Unexpected { std::move(tmp).error() }

/// DEED_TRY(auto x, f()); gives the error back to the caller, or names the value.
#define DEED_TRY(decl, ...) \
  DEED_TRY_IMPL(DEED_CONCAT(deed_try_, __COUNTER__), return, decl, __VA_ARGS__)
/// The same in a coroutine: DEED_CO_TRY(auto x, co_await f());
#define DEED_CO_TRY(decl, ...) \
  DEED_TRY_IMPL(DEED_CONCAT(deed_try_, __COUNTER__), co_return, decl, __VA_ARGS__)
/// DEED_OK(f()); for a Result<void>.
#define DEED_OK(...) DEED_OK_IMPL(DEED_CONCAT(deed_ok_, __COUNTER__), return, __VA_ARGS__)
/// The same in a coroutine, on a Result that is already named: a condition must not hold a co_await (g++ 12).
#define DEED_CO_OK(...)                                                            \
  DEED_CO_OK_IMPL(DEED_CONCAT(deed_ok_, __COUNTER__), __VA_ARGS__)
#define DEED_CO_OK_IMPL(tmp, ...) \
  auto tmp = __VA_ARGS__;         \
  if (!tmp) co_return ::deed::Unexpected { std::move(tmp).error() }
