// The scanner of coroutine shapes, and what it must catch and let pass.
#include "deed/tests/core/coroutine_shapes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace deed::testing_shapes {
namespace {

constexpr std::size_t none = std::string::npos;

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Walks over one source text and copies what is code.
class Stripper {
 public:
  explicit Stripper(std::string_view source) : in_(source) {}

  std::string run() {
    while (at_ < in_.size()) {
      const std::string_view rest = in_.substr(at_);
      if (rest.starts_with("//"))
        skip_line(false);
      else if (rest.starts_with("/*"))
        skip_to("*/");
      else if (is_line_start() && rest[0] == '#')
        skip_line(true);
      else if (rest.starts_with("R\""))
        skip_raw_string();
      else if (rest[0] == '"' || (rest[0] == '\'' && !is_digit_separator()))
        skip_literal(rest[0]);
      else
        out_ += in_[at_++];
    }
    return std::move(out_);
  }

 private:
  bool is_line_start() const {
    return out_.find_last_not_of(" \t") == none || out_[out_.find_last_not_of(" \t")] == '\n';
  }
  bool is_digit_separator() const {
    return at_ > 0 && std::isalnum(static_cast<unsigned char>(in_[at_ - 1]));
  }

  void skip(std::size_t end) {
    for (; at_ < std::min(end, in_.size()); ++at_) {
      if (in_[at_] == '\n') out_ += '\n';
    }
  }
  void skip_line(bool may_continue) {
    for (;;) {
      const std::size_t end = std::min(in_.find('\n', at_), in_.size());
      const bool continues = may_continue && end > at_ && in_[end - 1] == '\\';
      skip(continues ? end + 1 : end);
      if (!continues || at_ >= in_.size()) return;
    }
  }
  void skip_to(std::string_view mark) {
    const std::size_t end = in_.find(mark, at_ + 2);
    skip(end == none ? in_.size() : end + mark.size());
  }
  void skip_raw_string() {
    const std::size_t open = in_.find('(', at_);
    const std::string mark = ")" + std::string(in_.substr(at_ + 2, open - at_ - 2)) + "\"";
    out_ += "\"\"";
    const std::size_t end = in_.find(mark, open);
    skip(end == none ? in_.size() : end + mark.size());
  }
  void skip_literal(char quote) {
    std::size_t end = at_ + 1;
    while (end < in_.size() && in_[end] != quote && in_[end] != '\n')
      end += in_[end] == '\\' ? 2 : 1;
    out_ += "\"\"";
    skip(end + 1);
  }

  std::string_view in_;
  std::size_t at_ = 0;
  std::string out_;
};

std::vector<Token> tokens_of(const std::string& code) {
  std::vector<Token> tokens;
  std::vector<std::size_t> open;
  int line = 1;
  for (std::size_t i = 0; i < code.size();) {
    const char c = code[i];
    if (std::isspace(static_cast<unsigned char>(c))) {
      line += c == '\n';
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    if (is_word(c)) {
      while (end < code.size() && is_word(code[end])) ++end;
    } else if (const auto two = std::string_view(code).substr(i, 2); two == "::" || two == "->") {
      end = i + 2;
    }
    Token token{code.substr(i, end - i), line, open.empty() ? none : open.back(), none};
    if (c == ')' || c == ']' || c == '}') {
      if (!open.empty()) {
        token.match = open.back();
        token.parent = tokens[open.back()].parent;
        tokens[open.back()].match = tokens.size();
        open.pop_back();
      }
    }
    tokens.push_back(std::move(token));
    if (c == '(' || c == '[' || c == '{') open.push_back(tokens.size() - 1);
    i = end;
  }
  return tokens;
}

class Scanner {
 public:
  explicit Scanner(std::string_view source) : tokens_(tokens_of(stripped(source))) {}

  std::vector<Finding> run() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (is(i, "co_await")) judge(i);
    }
    return std::move(findings_);
  }

 private:
  bool is(std::size_t i, std::string_view text) const {
    return i < tokens_.size() && tokens_[i].text == text;
  }
  std::size_t parent(std::size_t i) const { return tokens_[i].parent; }
  std::size_t end_of(std::size_t open) const {
    return std::min(tokens_[open].match, tokens_.size());
  }
  void refuse(std::size_t i, std::string what) {
    findings_.push_back({tokens_[i].line, std::move(what)});
  }

  // A brace that holds statements, and not values: one of them ends in a semicolon right in it.
  bool is_block(std::size_t brace) const {
    if (brace == none) return true;
    if (!is(brace, "{")) return false;
    for (std::size_t i = brace + 1; i < end_of(brace); ++i) {
      if (parent(i) == brace && is(i, ";")) return true;
    }
    return false;
  }
  bool is_statement_end(std::size_t i) const {
    if (is(i, ";")) return true;
    if (is(i, "{")) return is_block(i);
    return is(i, "}") && is_block(tokens_[i].match);
  }

  void judge(std::size_t await) {
    const std::size_t around = parent(await);
    if (!is_block(around) && !judge_bracket(await, around)) return;
    judge_neighbours(await, around);
    judge_awaited(await);
  }

  // Whether the co_await may stand in this bracket at all.
  bool judge_bracket(std::size_t await, std::size_t bracket) {
    const std::string before = bracket > 0 ? tokens_[bracket - 1].text : "";
    if (is(bracket, "{")) return refuse(await, "co_await inside a braced initializer"), false;
    if (is(bracket, "[")) return refuse(await, "co_await inside a capture or an index"), false;
    if (before == "DEED_CO_TRY") return true;
    const std::string before_constexpr = bracket > 1 ? tokens_[bracket - 2].text : "";
    for (const char* word : {"if", "while", "switch", "for"}) {
      if (before == word || (before == "constexpr" && before_constexpr == word)) {
        return refuse(await, "co_await inside the condition of " + std::string(word)), false;
      }
    }
    return refuse(await, "co_await inside the arguments of a call or in parentheses"), false;
  }

  // The rest of its statement: a second co_await, or a conditional operator.
  void judge_neighbours(std::size_t await, std::size_t around) {
    std::size_t begin = await, end = await;
    while (begin > 0 && !(parent(begin - 1) == around && is_statement_end(begin - 1)) &&
           begin - 1 != around)
      --begin;
    while (end < tokens_.size() && !(parent(end) == around && is_statement_end(end)) &&
           !(around != none && end == end_of(around)))
      ++end;
    for (std::size_t i = begin; i < end; ++i) {
      if (is(i, "?") && parent(i) == around)
        return refuse(await, "co_await inside a conditional expression");
      if (is(i, "co_await") && i < await && block_of(i) == block_of(await))
        return refuse(await, "a second co_await in one statement");
    }
  }
  std::size_t block_of(std::size_t i) const {
    std::size_t bracket = parent(i);
    while (bracket != none && !is_block(bracket)) bracket = parent(bracket);
    return bracket;
  }

  // The awaited call: no braces that make values, no lambda that captures.
  void judge_awaited(std::size_t await) {
    for (std::size_t i = await + 1; i < tokens_.size() && !ends_awaited(i, parent(await)); ++i) {
      if (is(i, "[") && is_lambda(i)) {
        if (tokens_[i].match != i + 1)
          return refuse(await, "a lambda with captures in the awaited expression");
        i = skip_lambda(i);
      } else if (is(i, "{")) {
        return refuse(await, "braces that make a value in the awaited expression");
      }
    }
  }
  bool ends_awaited(std::size_t i, std::size_t around) const {
    return (parent(i) == around && is(i, ";")) || i == (around == none ? none : end_of(around));
  }
  bool is_lambda(std::size_t bracket) const {
    const std::string& before = tokens_[bracket - 1].text;
    return before == "(" || before == "," || before == "co_await" || before == "=" || before == "{";
  }
  // The last token of a lambda: its body's closing brace.
  std::size_t skip_lambda(std::size_t bracket) const {
    std::size_t i = tokens_[bracket].match;
    while (i < tokens_.size() && !is(i, "{")) i = is(i, "(") ? end_of(i) + 1 : i + 1;
    return i < tokens_.size() ? end_of(i) : i;
  }

  std::vector<Token> tokens_;
  std::vector<Finding> findings_;
};

}  // namespace

std::string stripped(std::string_view source) { return Stripper(source).run(); }
std::vector<Finding> find_bad_coroutine_shapes(std::string_view source) {
  return Scanner(source).run();
}

namespace {

std::string in_coroutine(const std::string& statement) {
  return "Async<int> work(Model& model) {\n" + statement + "\n  co_return 1;\n}\n";
}
std::vector<std::string> complaints(const std::string& statement) {
  std::vector<std::string> out;
  for (const Finding& finding : find_bad_coroutine_shapes(in_coroutine(statement)))
    out.push_back(finding.what);
  return out;
}

class BadShape : public testing::TestWithParam<const char*> {};
class GoodShape : public testing::TestWithParam<const char*> {};

// The table of style.md, and the same shapes in other clothes.
INSTANTIATE_TEST_SUITE_P(
    StyleTable, BadShape,
    testing::Values(
        "co_await f(Options{.a = 1});", "auto x = co_await f({1, 2});",
        "auto x = co_await f(Options{});",
        "auto x = co_await model.generate(std::move(r), Limits{.max = 3}, sink);",
        "auto x = co_await f([&](int n) { return n; });",
        "auto x = co_await f([this, n = 1]() -> Async<void> { co_return g(); });",
        "auto x = c ? co_await f() : other;", "auto x = c ? other : co_await f();",
        "auto x = co_await f() ? a : b;", "std::vector<int> v = {co_await a(), 2};",
        "T t{.x = co_await f()};", "auto t = T{co_await f()};", "co_return T{.x = co_await f()};",
        "auto x = co_await [&]() -> Async<int> { co_return 1; }();",
        "if ((co_await f()).size() > n) { g(); }", "if (co_await f()) g();",
        "if (auto r = co_await f(); !r) g();", "if constexpr (co_await f()) g();",
        "while (co_await f()) { g(); }", "switch (co_await f()) { case 1: break; }",
        "for (auto& x : co_await f()) { g(); }", "auto x = co_await a() + co_await b();",
        "g(co_await f());", "auto n = (co_await f()).size();", "DEED_CO_OK(co_await f());",
        "auto [x] = std::array{co_await f()};", "DEED_CO_TRY(auto x, co_await f(Options{.a = 1}));",
        "DEED_CO_TRY(auto x, c ? co_await f() : g());", "auto x = co_await f(Json{{\"a\", 1}});",
        "auto x = co_await a.b()->c(std::vector<int>{1});",
        "auto x = [y = co_await f()] { return y; };", "co_return co_await f(Options{});"));

TEST_P(BadShape, IsRefused) { EXPECT_THAT(complaints(GetParam()), testing::SizeIs(1)); }

INSTANTIATE_TEST_SUITE_P(
    StyleTable, GoodShape,
    testing::Values(
        "auto reply = co_await model.generate(std::move(request), sink);", "co_await f();",
        "DEED_CO_TRY(auto x, co_await f(std::move(y)));",
        "auto r = co_await f(); DEED_CO_OK(std::move(r));", "co_return co_await f(a, b(c), d[1]);",
        "if (c) co_return co_await f();",
        "if (c) { auto x = co_await f(); g(x); } else { auto y = co_await h(); g(y); }",
        "for (int i = 0; i < 3; ++i) { auto x = co_await f(i); g(c ? x : 1); }",
        "while (c) co_await f();",
        "switch (c) { case 1: co_await f(); break; default: co_await g(); }",
        "Options o{.a = 1}; auto x = co_await f(std::move(o)); auto y = c ? x : o;",
        "auto x = co_await f([](int n) -> Async<int> { auto y = co_await g(n); co_return y; });",
        "auto ended = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));",
        "auto executor = co_await asio::this_coro::executor;", "auto x = co_await (a() || b());",
        "auto f = [&](int n) -> Async<int> { auto x = co_await g(n); co_return c ? x : 1; };",
        "tool.run = [root](Json a, Context& c) -> awaitable<Outcome> { auto x = co_await g(a); "
        "co_return x; };",
        "const char* text = \"if (co_await f()) {co_await\"; // if (co_await f())\n /* {co_await "
        "f()} */ char q = '\"'; co_await f();",
        "auto text = R\"x(if (co_await f()) \")x\"; auto n = 1'000'000; co_await f(n);",
        "try { auto x = co_await f(); g(x); } catch (const E& e) { h(); }"));

TEST_P(GoodShape, Passes) { EXPECT_THAT(complaints(GetParam()), testing::IsEmpty()); }

TEST(CoroutineShapes, AreFoundAtTheirLine) {
  const auto findings = find_bad_coroutine_shapes(
      "// one\n\"two\\\n\";\nAsync<int> f() {\n  if (co_await g()) h();\n}\n");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0], (Finding{5, "co_await inside the condition of if"}));
}

TEST(CoroutineShapes, AreFoundInSeveralStatementsEach) {
  EXPECT_EQ(
      complaints("if (co_await f()) g();\nT t{co_await f()};\nauto x = co_await f({1});").size(),
      3u);
}

TEST(CoroutineShapes, AreNotLookedForInMacroDefinitions) {
  EXPECT_TRUE(
      find_bad_coroutine_shapes("#define X(e) \\\n  if (co_await e) \\\n  g()\nint x;\n").empty());
}

TEST(CoroutineShapes, DoNotTripOverUnbalancedText) {
  for (const char* text : {"}}}", "((({[", "co_await", "{ co_await f(", "[co_await", "\"unfinished",
                           "R\"(", "/*", "'"}) {
    (void)find_bad_coroutine_shapes(text);
  }
}

}  // namespace
}  // namespace deed::testing_shapes
