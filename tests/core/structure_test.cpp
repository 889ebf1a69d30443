// What the rooms may include, what stays out of headers, and which coroutine shapes are refused:
// read from the files themselves, so that code that breaks the house rules does not get in by
// accident.
#include "deed/tests/core/coroutine_shapes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace deed {
namespace {

namespace fs = std::filesystem;
const fs::path source_dir = DEED_SOURCE_DIR;

// The table of style.md, section "Rooms".
const std::map<std::string, std::set<std::string>> may_include = {
    {"core", {"core"}},
    {"net", {"net", "core"}},
    {"memory", {"memory", "core"}},
    {"llm", {"llm", "net", "core"}},
    {"tools", {"tools", "net", "memory", "core"}},
    {"agent", {"agent", "llm", "tools", "net", "memory", "core"}},
    {"plugins", {"plugins", "agent", "llm", "tools", "net", "memory", "core"}},
    {"cli", {"cli", "web", "plugins", "agent", "llm", "tools", "net", "memory", "core"}},
    {"web", {"cli", "web", "plugins", "agent", "llm", "tools", "net", "memory", "core"}},
};
const std::set<std::string> other_code = {"scripts", "tests", "examples", "bench"};

struct SourceFile {
  std::string path;  ///< from the top: "net/http.hpp"
  std::string text;
  std::string room() const { return path.substr(0, path.find('/')); }
  bool is_header() const { return path.ends_with(".hpp") || path.ends_with(".h"); }
};

std::string load_source(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

// Every C++ file of the rooms, and of tests, examples and benchmarks.
const std::vector<SourceFile>& all_sources() {
  static const std::vector<SourceFile> files = [] {
    std::vector<SourceFile> out;
    for (const auto& top : fs::directory_iterator(source_dir)) {
      const std::string name = top.path().filename();
      if (!top.is_directory() || (!may_include.contains(name) && !other_code.contains(name)))
        continue;
      for (const auto& entry : fs::recursive_directory_iterator(top.path())) {
        const std::string extension = entry.path().extension();
        if (extension != ".hpp" && extension != ".cpp" && extension != ".h") continue;
        out.push_back({fs::relative(entry.path(), source_dir), load_source(entry.path())});
      }
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return out;
  }();
  return files;
}

struct Include {
  std::string
      what;  ///< with its quotes or angle brackets: "\"deed/net/http.hpp\"", "<curl/curl.h>"
  int line = 0;
};

std::vector<Include> includes_of(const std::string& text) {
  std::vector<Include> out;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::size_t at = line.find_first_not_of(" \t");
    if (at == std::string::npos || line[at] != '#') continue;
    at = line.find_first_not_of(" \t", at + 1);
    if (at == std::string::npos || line.compare(at, 7, "include") != 0) continue;
    at = line.find_first_of("\"<", at);
    const std::size_t end = line.find_first_of("\">", at + 1);
    if (end != std::string::npos) out.push_back({line.substr(at, end - at + 1), number});
  }
  return out;
}

// "net" of "\"deed/net/http.hpp\""; "" of what is not ours.
std::string room_of_include(const std::string& include) {
  constexpr std::string_view prefix = "\"deed/";
  if (!include.starts_with(prefix)) return {};
  return include.substr(prefix.size(), include.find('/', prefix.size()) - prefix.size());
}

std::string at(const SourceFile& file, int line) {
  return file.path + ":" + std::to_string(line) + ": ";
}

// The includes of `file` that the table forbids.
std::vector<std::string> forbidden_includes(const SourceFile& file) {
  std::vector<std::string> out;
  const auto row = may_include.find(file.room());
  if (row == may_include.end()) return out;
  for (const Include& include : includes_of(file.text)) {
    const std::string room = room_of_include(include.what);
    if (room.empty() && include.what[0] == '<') continue;
    if (!row->second.contains(room)) out.push_back(at(file, include.line) + include.what);
  }
  return out;
}

TEST(Rooms, IncludeOnlyWhatTheTableAllows) {
  std::vector<std::string> wrong;
  for (const SourceFile& file : all_sources()) {
    for (std::string& line : forbidden_includes(file)) wrong.push_back(std::move(line));
  }
  EXPECT_THAT(wrong, testing::IsEmpty())
      << "move the code or move the wall (with the design), never the test alone";
}

TEST(Rooms, AreAllThere) {
  std::set<std::string> seen;
  for (const SourceFile& file : all_sources()) seen.insert(file.room());
  for (const char* room : {"core", "net", "memory", "llm", "tools", "agent", "cli"})
    EXPECT_TRUE(seen.contains(room)) << room;
}

TEST(Rooms, HaveNoSourcesOutsideTheTable) {
  for (const auto& top : fs::directory_iterator(source_dir)) {
    const std::string name = top.path().filename();
    if (!top.is_directory() || name.starts_with('.') || name.starts_with("build")) continue;
    if (may_include.contains(name) || other_code.contains(name)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(top.path())) {
      EXPECT_NE(entry.path().extension(), ".cpp")
          << entry.path() << ": a room that the table does not have";
    }
  }
}

TEST(Rooms, AreCaughtWhenTheyIncludeUpwardsSidewaysOrByAnotherSpelling) {
  const auto check = [](const char* path, const char* text) {
    return forbidden_includes({path, text});
  };
  EXPECT_THAT(check("net/x.cpp", "\n#include \"deed/tools/tool.hpp\"\n"),
              testing::ElementsAre("net/x.cpp:2: \"deed/tools/tool.hpp\""));
  EXPECT_THAT(check("llm/local/x.hpp", "#  include \"deed/memory/journal.hpp\""),
              testing::SizeIs(1));
  EXPECT_THAT(check("memory/x.hpp", "#include \"deed/net/http.hpp\""), testing::SizeIs(1));
  EXPECT_THAT(check("tools/x.cpp", "#include \"deed/llm/model.hpp\""), testing::SizeIs(1));
  EXPECT_THAT(check("agent/x.cpp", "#include \"deed/cli/terminal.hpp\""), testing::SizeIs(1));
  EXPECT_THAT(check("core/x.cpp", "#include \"text.hpp\""), testing::SizeIs(1));
  EXPECT_THAT(check("core/x.cpp", "#include \"deed/tests/fakes/matchers.hpp\""),
              testing::SizeIs(1));
  EXPECT_THAT(check("tools/x.cpp", "#include \"deed/net/http.hpp\"\n#include <vector>\n"),
              testing::IsEmpty());
  EXPECT_THAT(check("tests/x.cpp", "#include \"deed/cli/terminal.hpp\""), testing::IsEmpty());
}

std::set<std::string> public_headers() {
  const std::string text = load_source(source_dir / "cmake/DeedPublicHeaders.cmake");
  std::set<std::string> out;
  std::istringstream words(text.substr(text.find("set(DEED_PUBLIC_HEADERS")));
  for (std::string word; words >> word;) {
    while (word.ends_with(')')) word.pop_back();
    if (word.ends_with(".hpp") || word.ends_with(".h")) out.insert(word);
  }
  return out;
}

TEST(PublicHeaders, ExistAndIncludeOnlyPublicHeaders) {
  const std::set<std::string> headers = public_headers();
  EXPECT_GE(headers.size(), 12u);
  for (const std::string& header : headers) {
    for (const Include& include : includes_of(load_source(source_dir / header))) {
      if (room_of_include(include.what).empty()) continue;
      const std::string path = include.what.substr(6, include.what.size() - 7);
      EXPECT_TRUE(headers.contains(path))
          << header << ":" << include.line << " includes " << path << ", which is not installed";
    }
  }
}

TEST(PublicHeaders, KeepLibrariesBehindTheWall) {
  const std::vector<std::string> ours_to_hide = {"curl/", "sqlite3",  "llama", "ggml",
                                                 "gmime", "openssl/", "toml",  "CLI/"};
  for (const std::string& header : public_headers()) {
    for (const Include& include : includes_of(load_source(source_dir / header))) {
      const std::string name = include.what.substr(1);
      for (const std::string& library : ours_to_hide)
        EXPECT_FALSE(name.starts_with(library)) << header << ":" << include.line << " " << name;
      const bool is_heavy_asio = name.starts_with("boost/") && name != "boost/asio/awaitable.hpp>";
      EXPECT_FALSE(is_heavy_asio) << header << ":" << include.line << " " << name
                                  << ": only awaitable.hpp, the rest belongs into the .cpp";
    }
  }
}

// A library's header may stand in the header that wraps it, and is named after it:
// net/curl_runtime.hpp, memory/sqlite/….
TEST(Headers, KeepLibrariesInSourcesAndInTheHeadersThatAreNamedAfterThem) {
  for (const SourceFile& file : all_sources()) {
    if (!file.is_header() || other_code.contains(file.room())) continue;
    for (const Include& include : includes_of(file.text)) {
      for (const char* library : {"curl", "sqlite", "llama", "gmime"}) {
        const bool is_of_library = include.what.starts_with("<" + std::string(library));
        const bool is_named_after_it =
            file.path.find(std::string("/") + library) != std::string::npos;
        EXPECT_FALSE(is_of_library && !is_named_after_it) << at(file, include.line) << include.what;
      }
    }
  }
}

TEST(Examples, IncludeInstalledHeadersOnly) {
  const std::set<std::string> headers = public_headers();
  for (const SourceFile& file : all_sources()) {
    if (file.room() != "examples") continue;
    for (const Include& include : includes_of(file.text)) {
      if (include.what.find("deed/") != 1 || include.what.find("deed/deed.hpp") == 1) continue;
      EXPECT_TRUE(headers.contains(include.what.substr(6, include.what.size() - 7)))
          << at(file, include.line) << include.what;
    }
  }
}

// The types that a header defines in the namespace that it opens, with that namespace before them.
std::vector<std::string> types_of(const SourceFile& file) {
  static const std::regex line_of_interest(
      R"re(^(?:namespace ([a-z_:]+) \{|(?:struct|class|enum class) ([A-Za-z]+)(?: final)?(?: : [^;]*)? \{))re");
  std::vector<std::string> types;
  std::string space;
  std::istringstream lines(file.text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    if (!std::regex_search(line, found, line_of_interest)) continue;
    if (found[1].matched) space = found[1];
    else if (!space.empty()) types.push_back(space + "::" + found[2].str());
  }
  return types;
}

// Two types of one name in one namespace are one type to the linker: it takes a function of either for both, without a word.
TEST(Types, HaveNamesOfTheirOwn) {
  std::map<std::string, std::string> homes;
  for (const SourceFile& file : all_sources()) {
    if (!file.is_header()) continue;
    for (const std::string& type : types_of(file)) {
      const auto [home, is_new] = homes.emplace(type, file.path);
      EXPECT_TRUE(is_new || home->second == file.path) << type << " is in " << home->second << " and in " << file.path;
    }
  }
  EXPECT_TRUE(homes.contains("deed::Step"));
}

TEST(Coroutines, HaveNoneOfTheShapesThatTheCompilerGetsWrong) {
  std::vector<std::string> wrong;
  for (const SourceFile& file : all_sources()) {
    for (const auto& finding : testing_shapes::find_bad_coroutine_shapes(file.text)) {
      wrong.push_back(at(file, finding.line) + finding.what);
    }
  }
  EXPECT_THAT(wrong, testing::IsEmpty())
      << "one co_await a statement, its arguments named before, its value named after";
}

}  // namespace
}  // namespace deed
