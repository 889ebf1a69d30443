#include "deed/memory/schedule.hpp"

#include <array>

namespace deed {
namespace {

template <class Enum, std::size_t size>
Result<Enum> parse(const std::array<const char*, size>& names, std::string_view text, const char* what) {
  std::string all;
  for (std::size_t i = 0; i < size; ++i) {
    if (text == names[i]) return static_cast<Enum>(i);
    all += std::string(i ? ", " : "") + names[i];
  }
  return fail(ErrorKind::invalid, std::string("not ") + what, std::string(text.substr(0, 64)), "one of: " + all);
}

constexpr std::array missed_names = {"skip", "once", "all"};
constexpr std::array overlap_names = {"skip", "queue"};
constexpr std::array schedule_state_names = {"active", "paused", "removed"};
constexpr std::array firing_state_names = {"queued", "running", "done", "failed", "paused", "skipped"};

}  // namespace

const char* to_string(Missed missed) { return missed_names[static_cast<std::size_t>(missed)]; }
const char* to_string(Overlap overlap) { return overlap_names[static_cast<std::size_t>(overlap)]; }
const char* to_string(ScheduleState state) { return schedule_state_names[static_cast<std::size_t>(state)]; }
const char* to_string(FiringState state) { return firing_state_names[static_cast<std::size_t>(state)]; }
Result<Missed> parse_missed(std::string_view text) { return parse<Missed>(missed_names, text, "a rule for missed times"); }
Result<Overlap> parse_overlap(std::string_view text) { return parse<Overlap>(overlap_names, text, "a rule for overlaps"); }
Result<ScheduleState> parse_schedule_state(std::string_view text) {
  return parse<ScheduleState>(schedule_state_names, text, "a state of a schedule");
}
Result<FiringState> parse_firing_state(std::string_view text) { return parse<FiringState>(firing_state_names, text, "a state of a firing"); }

}  // namespace deed
