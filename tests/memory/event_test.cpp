// The names of labels and states, as they stand in the journal and in JSON.
#include "deed/memory/event.hpp"

#include "deed/memory/journal.hpp"
#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

TEST(Trust, IsReadBackFromItsNameAndFromNothingElse) {
  const std::vector<std::string> names = {"system", "user", "tool", "untrusted"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(to_string(static_cast<Trust>(i)), names[i]);
    EXPECT_EQ(*parse_trust(names[i]), static_cast<Trust>(i));
  }
  for (const char* text : {"", "System", "trusted", "user "}) {
    EXPECT_THAT(parse_trust(text), IsError(ErrorKind::corrupt)) << text;
  }
}

TEST(RunStatus, IsReadBackFromItsNameAndFromNothingElse) {
  const std::vector<std::string> names = {"running",   "paused",  "done",  "failed",
                                          "cancelled", "refused", "limit", "unknown"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(to_string(static_cast<RunStatus>(i)), names[i]);
    EXPECT_EQ(*parse_run_status(names[i]), static_cast<RunStatus>(i));
  }
  EXPECT_THAT(parse_run_status("finished"), IsError(ErrorKind::corrupt));
}

}  // namespace
}  // namespace deed
