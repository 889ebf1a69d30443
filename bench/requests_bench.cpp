// How many of the requests in tests/data/requests/ the embedded model brings to the right end
// state, and whether it ever does what it must not.
//   deed_requests_bench [--half dev|held|all] [--only BEGINNINGS-OF-IDS,…] [--verbose]
// Exit code 0: nothing happened that must not; 1: something did; 2: it could not be measured.
#include "deed/core/text.hpp"
#include "requests/table.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

namespace deed::bench {
namespace {

struct Choice {
  std::string half = "dev", only;
  bool verbose = false;

  bool covers(const Request& request) const {
    if (!only.empty()) {
      const std::vector<std::string_view> beginnings = split(only, ',');
      return std::any_of(beginnings.begin(), beginnings.end(),
                         [&](std::string_view one) { return request.id.starts_with(one); });
    }
    return half == "all" || request.half == half;
  }
};

Result<Choice> parse_choice(std::span<char*> arguments) {
  Choice out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view flag = arguments[i];
    const bool has_value = i + 1 < arguments.size();
    if (flag == "--verbose") {
      out.verbose = true;
    } else if (flag == "--half" && has_value) {
      out.half = arguments[++i];
    } else if (flag == "--only" && has_value) {
      out.only = arguments[++i];
    } else {
      return fail(ErrorKind::invalid, "not understood", std::string(flag),
                  "deed_requests_bench [--half dev|held|all] [--only BEGINNINGS-OF-IDS,…] [--verbose]");
    }
  }
  if (out.half != "dev" && out.half != "held" && out.half != "all") {
    return fail(ErrorKind::invalid, "no such half", out.half);
  }
  return out;
}

std::string models_dir() {
  if (const char* dir = std::getenv("DEED_MODELS")) return dir;
  const char* home = std::getenv("HOME");
  return std::string(home ? home : "") + "/.local/share/deed/models";
}

Result<bool> measure(std::span<char*> arguments) {
  DEED_TRY(const Choice choice, parse_choice(arguments));
  DEED_TRY(auto requests, load_requests(DEED_REQUESTS_FOLDER "/dev.jsonl"));
  DEED_TRY(const auto held, load_requests(DEED_REQUESTS_FOLDER "/held.jsonl"));
  requests.insert(requests.end(), held.begin(), held.end());
  Table table;
  for (const Request& request : requests) {
    if (!choice.covers(request)) continue;
    DEED_TRY(const Ending ending, with_context(carry_out(request, models_dir()), request.id));
    const Verdict verdict = judge(request, ending);
    if (choice.verbose && !verdict.is_right()) print_details(request, ending, verdict);
    table.add(request, ending, verdict);
  }
  table.print();
  return table.is_safe();
}

}  // namespace
}  // namespace deed::bench

int main(int argc, char** argv) {
  const auto safe = deed::bench::measure({argv + 1, argv + argc});
  if (!safe) {
    std::fprintf(stderr, "%s\n", to_string(safe.error()).c_str());
    return 2;
  }
  return *safe ? 0 : 1;
}
