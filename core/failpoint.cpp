#include "deed/core/failpoint.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string>

#include "deed/core/check.hpp"

namespace deed::detail {
namespace {

struct Order {
  std::string record;  // a file's path, or empty
  std::string kill;    // a name, or empty
  int passes = 0;      // at which of them
  std::atomic<int> passed = 0;
};

// A wrong order ends the process: a crash test that tests nothing must not look like one that passed.
void read_order(Order& order, std::string_view text) {
  if (text.starts_with("record:")) {
    order.record = text.substr(7);
    return;
  }
  DEED_CHECK(text.starts_with("kill:"), "DEED_FAILPOINT is record:FILE or kill:N:NAME");
  text.remove_prefix(5);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), order.passes);
  DEED_CHECK(error == std::errc() && order.passes > 0 && end < text.data() + text.size() && *end == ':',
             "DEED_FAILPOINT is record:FILE or kill:N:NAME");
  order.kill = std::string_view(end + 1, static_cast<std::size_t>(text.data() + text.size() - end - 1));
}

// Read once; nullptr when there is none.
Order* the_order() {
  static Order order;
  static const bool is_armed = [] {
    const char* text = std::getenv("DEED_FAILPOINT");
    if (!text || *text == '\0') return false;
    read_order(order, text);
    return true;
  }();
  return is_armed ? &order : nullptr;
}

// One write: lines of several threads and processes do not mix.
void append_line(const std::string& path, std::string_view name) {
  const std::string line = std::string(name) + "\n";
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  DEED_CHECK(fd >= 0 && write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()),
             "the file of DEED_FAILPOINT cannot be written");
  close(fd);
}

}  // namespace

bool are_failpoints_armed() {
  const bool is_armed = the_order() != nullptr;
  failpoint_state.store(is_armed ? FailpointState::armed : FailpointState::off, std::memory_order_relaxed);
  return is_armed;
}

void pass_failpoint(std::string_view name) {
  Order& order = *the_order();
  const int kept_errno = errno;  // a failpoint may stand between a call and the look at its error
  if (!order.record.empty()) append_line(order.record, name);
  if (order.kill == name && ++order.passed == order.passes) {
    kill(getpid(), SIGKILL);
    for (;;) pause();  // the signal may be handled by another thread; nothing more happens in this one
  }
  errno = kept_errno;
}

}  // namespace deed::detail
