#include "deed/memory/sqlite/owner.hpp"

#include "deed/core/text.hpp"

#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace deed::sqlite {
namespace {

std::string content(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string pid_namespace() {
  std::array<char, 64> buffer;
  const ssize_t size = readlink("/proc/self/ns/pid", buffer.data(), buffer.size());
  return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : "";
}

// The command's name in field 2 may hold blanks and parentheses; nothing behind its last ')' does.
std::optional<std::int64_t> start_time(std::int64_t pid) {
  const std::string stat = content("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string field;
  for (int number = 3; fields >> field; ++number) {
    if (number == 3 && (field == "Z" || field == "X"))
      return std::nullopt;  // dead, not yet collected
    if (number == 22) return std::strtoll(field.c_str(), nullptr, 10);
  }
  return std::nullopt;
}

std::string_view boot_of(const Owner& owner) { return split(owner.machine, ' ').front(); }

}  // namespace

Owner this_process(std::string instance) {
  const std::int64_t pid = getpid();
  const std::string boot(trim(content("/proc/sys/kernel/random/boot_id")));
  return {pid, start_time(pid).value_or(0), boot + " " + pid_namespace(), std::move(instance)};
}

bool is_out_of_sight(const Owner& owner, const Owner& self) {
  return boot_of(owner) == boot_of(self) && owner.machine != self.machine;
}

bool is_alive(const Owner& owner, const Owner& self) {
  if (owner.pid == 0 || boot_of(owner) != boot_of(self)) return false;
  if (is_out_of_sight(owner, self)) return true;
  return start_time(owner.pid) == owner.started;
}

}  // namespace deed::sqlite
