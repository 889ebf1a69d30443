// The official JSON Schema test suite, draft 2020-12 (tests/data/json-schema-test-suite, MIT): a
// second opinion on what every keyword means. Groups whose schema `compile` refuses as unsupported
// are counted, and the count may not grow.
#include "deed/core/schema.hpp"
#include "deed/tests/fakes/matchers.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace deed {
namespace {

namespace fs = std::filesystem;

const fs::path suite = fs::path(DEED_SOURCE_DIR) / "tests/data/json-schema-test-suite/draft2020-12";

// Where deed means something else on purpose: "file: group: test".
const std::set<std::string>& deviations() {
  static const std::set<std::string> names = {
      // RFC 5321 quoted local parts and address literals are refused (core/checked.hpp).
      "email.json: validation of e-mail addresses: a quoted string with a space in the local part "
      "is valid",
      "email.json: validation of e-mail addresses: a quoted string with a double dot in the local "
      "part is valid",
      "email.json: validation of e-mail addresses: a quoted string with a @ in the local part is "
      "valid",
      "email.json: validation of e-mail addresses: an IPv4-address-literal after the @ is valid",
      "email.json: validation of e-mail addresses: an IPv6-address-literal after the @ is valid",
  };
  return names;
}

struct Counts {
  int groups = 0, unsupported = 0, tests = 0, different = 0;
};

Json load_groups(const fs::path& file) {
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  auto groups = parse_json(text);
  EXPECT_OK(groups) << file;
  return groups ? *groups : Json::array();
}

void run_group(const std::string& file, const Json& group, Counts& counts) {
  ++counts.groups;
  const std::string name = file + ": " + string_at(group, "description");
  const auto schema = Schema::compile(group.at("schema"));
  if (!schema) {
    EXPECT_THAT(schema, IsError(ErrorKind::unsupported)) << name;
    ++counts.unsupported;
    return;
  }
  for (const Json& test : group.at("tests")) {
    ++counts.tests;
    const auto issues = schema->check(test.at("data"));
    const bool same = issues.empty() == test.at("valid").get<bool>();
    const std::string full = name + ": " + string_at(test, "description");
    if (deviations().contains(full)) {
      EXPECT_FALSE(same) << "no longer a deviation: " << full;
      ++counts.different;
      continue;
    }
    EXPECT_TRUE(same) << full << "\n  schema " << to_text(group.at("schema")) << "\n  data "
                      << to_text(test.at("data"))
                      << (issues.empty()
                              ? ""
                              : "\n  issue " + issues.front().path + ": " + issues.front().what);
  }
}

TEST(SchemaSuite, AgreesWithTheOfficialTestsOnEveryKeywordThatItCompiles) {
  Counts counts;
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(suite)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    for (const Json& group : load_groups(file)) run_group(file.filename().string(), group, counts);
  }
  EXPECT_EQ(counts.different, static_cast<int>(deviations().size()));
  EXPECT_LE(counts.unsupported, 25) << "of " << counts.groups << " groups";
  EXPECT_GE(counts.tests, 820);
}

}  // namespace
}  // namespace deed
