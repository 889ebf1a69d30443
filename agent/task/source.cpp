// YAML by yaml-cpp's events, never by its nodes: aliases are counted before they are expanded, nesting ends at our own limit, and each
// value's place is known. What yaml-cpp 0.7 lets through though it is no YAML (a quote that is never closed, a key without its
// colon) is refused here. yaml-cpp throws; nothing of it leaves this file.
// Source: https://yaml.org/spec/1.2.2/
#include "deed/agent/task/source.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

#include "deed/agent/task/source_builder.hpp"
#include "deed/agent/task/yaml_scalar.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Line breaks as one byte each; everything else as it is.
std::string with_line_feeds(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') out += text[i];
    else if (i + 1 == text.size() || text[i + 1] != '\n') out += '\n';
  }
  return out;
}

class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }
  std::string_view line(int number) const {
    if (number < 0 || static_cast<std::size_t>(number) >= starts_.size()) return {};
    const std::size_t begin = starts_[static_cast<std::size_t>(number)];
    return text_.substr(begin, text_.find('\n', begin) - begin);
  }
  // yaml-cpp counts bytes, people characters.
  SourcePlace place(const YAML::Mark& mark) const {
    if (mark.is_null()) return {1, 1};
    const std::string_view before = line(mark.line).substr(0, static_cast<std::size_t>(std::max(mark.column, 0)));
    const auto characters = std::count_if(before.begin(), before.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
    return {mark.line + 1, static_cast<int>(characters) + 1};
  }
  SourcePlace place(std::size_t offset) const {
    YAML::Mark mark;
    mark.line = static_cast<int>(std::upper_bound(starts_.begin(), starts_.end(), offset) - starts_.begin()) - 1;
    mark.column = static_cast<int>(offset - starts_[static_cast<std::size_t>(mark.line)]);
    return place(mark);
  }
  // Everything from the mark to the end.
  std::string_view from(const YAML::Mark& mark) const {
    if (mark.line < 0 || static_cast<std::size_t>(mark.line) >= starts_.size()) return {};
    return text_.substr(std::min(text_.size(), starts_[static_cast<std::size_t>(mark.line)] + static_cast<std::size_t>(mark.column)));
  }

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_{0};
};

// Leaves yaml-cpp's parser from inside of its events.
struct Refused {
  Error error;
};

// yaml-cpp 0.7 takes the end of the file for the end of a quoted text.
bool is_open_quote(std::string_view rest) {
  const auto skip_blanks = [&] { rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(" \t\n"))); };
  while (!rest.empty() && (rest[0] == '!' || rest[0] == '&')) {
    rest.remove_prefix(std::min(rest.size(), rest.find_first_of(" \t\n")));
    skip_blanks();
  }
  if (rest.empty() || (rest[0] != '\'' && rest[0] != '"')) return false;
  const char quote = rest[0];
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (quote == '"' && rest[i] == '\\') ++i;
    else if (rest[i] == quote && quote == '\'' && i + 1 < rest.size() && rest[i + 1] == quote) ++i;
    else if (rest[i] == quote) return false;
  }
  return true;
}

class Events final : public YAML::EventHandler {
 public:
  Events(const Lines& lines, SourceLimits limits) : lines_(lines), builder_(limits) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    const bool is_marked = lines_.line(mark.line).starts_with("---");
    refuse(mark, is_marked ? "a second document begins here" : "this belongs to nothing that stands before it",
           is_marked ? "one file holds one task" : "check the indentation");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (builder_.expects_key()) refuse(mark, "a key must be a text", "put it in quotes");
    if (builder_.has_key() && builder_.key_place() == lines_.place(mark)) refuse(mark, "a key without a colon behind it");
    check(builder_.scalar(nullptr, lines_.place(mark), anchor));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (builder_.expects_key()) refuse(mark, "an alias cannot be a key");
    check(builder_.alias(anchor, lines_.place(mark)));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& text) override {
    const SourcePlace place = lines_.place(mark);
    if (tag != "?" && is_open_quote(lines_.from(mark))) refuse(mark, "the quotes that begin here are never closed");
    auto value = yaml_scalar(tag, text);
    if (!value) refuse(mark, value.error().what, value.error().hint);
    if (!builder_.expects_key()) return check(builder_.scalar(*std::move(value), place, anchor));
    if (!value->is_string()) refuse(mark, "a key must be a text", "put it in quotes");
    if (anchor != 0) refuse(mark, "a key cannot have an anchor");
    check(builder_.key(text, place));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    begin(Json::array(), mark, tag, "tag:yaml.org,2002:seq", anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    begin(Json::object(), mark, tag, "tag:yaml.org,2002:map", anchor);
  }
  void OnSequenceEnd() override { check(builder_.end()); }
  void OnMapEnd() override { check(builder_.end()); }

  Source take() { return builder_.take(); }

 private:
  void begin(Json empty, const YAML::Mark& mark, const std::string& tag, std::string_view usual, YAML::anchor_t anchor) {
    if (builder_.expects_key()) {
      refuse(mark, "a key must be a text", empty.is_object() ? "a text that begins with {{ must be in quotes: \"{{inputs.to}}\"" : "");
    }
    if (tag != "?" && tag != "!" && tag != usual) refuse(mark, "the tag " + escaped(tag) + " is not understood", "leave it out");
    check(builder_.begin(std::move(empty), lines_.place(mark), anchor));
  }
  [[noreturn]] void refuse(const YAML::Mark& mark, std::string what, std::string hint = {}) {
    throw Refused{{ErrorKind::invalid, std::move(what), to_string(lines_.place(mark)), std::move(hint)}};
  }
  static void check(Result<void> result) {
    if (!result) throw Refused{std::move(result).error()};
  }

  const Lines& lines_;
  SourceBuilder builder_;
  int documents_ = 0;
};

// What people write that yaml-cpp's own words do not explain.
std::string hint_for(const YAML::ParserException& e, const Lines& lines) {
  const std::string_view line = lines.line(e.mark.line);
  const std::string_view indentation = line.substr(0, line.find_first_not_of(" \t"));
  if (indentation.find('\t') != std::string_view::npos) return "indent with blanks, not with tabs";
  if (e.msg == YAML::ErrorMsg::MAP_VALUE) return "a text with \": \" in it must be in quotes; keys of one mapping are indented alike";
  if (e.msg == YAML::ErrorMsg::UNKNOWN_TOKEN) return "a text that begins with one of @ ` % must be in quotes";
  return {};
}

Result<Source> parse_yaml(const std::string& text, SourceLimits limits) {
  const Lines lines(text);
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    Events events(lines, limits);
    while (parser.HandleNextDocument(events)) {
    }
    return events.take();
  } catch (const Refused& refused) {
    return fail(refused.error);
  } catch (const YAML::ParserException& e) {
    return fail(ErrorKind::invalid, "not valid YAML: " + escaped(e.msg), to_string(lines.place(e.mark)), hint_for(e, lines));
  } catch (const YAML::Exception& e) {
    return fail(ErrorKind::invalid, "not valid YAML: " + escaped(e.msg), to_string(lines.place(e.mark)));
  }
}

// Bytes that no text file has: refused before any parser sees them.
Result<void> check_bytes(const std::string& text) {
  const auto where = [&](std::size_t at) { return to_string(Lines(text).place(at)); };
  if (!is_utf8(text)) {
    // The longest prefix that is good ends where the damage is.
    std::size_t good = 0;
    for (const std::string mended = to_utf8(text); text[good] == mended[good];) ++good;
    return fail(ErrorKind::invalid, "a byte that is not UTF-8", where(good), "save the file as UTF-8");
  }
  const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') || c == 0x7F; };
  const auto found = std::find_if(text.begin(), text.end(), is_control);
  if (found == text.end()) return {};
  return fail(ErrorKind::invalid, "a control character " + escaped(std::string_view(&*found, 1)), where(static_cast<std::size_t>(found - text.begin())));
}

}  // namespace

Result<Source> parse_source(std::string_view text, SourceLimits limits) {
  if (text.size() > limits.max_bytes) {
    return fail(ErrorKind::limit, human_bytes(text.size()) + " of text; at most " + human_bytes(limits.max_bytes) + " are read", "", "read rows from a file of their own");
  }
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  const std::string clean = with_line_feeds(text);
  DEED_OK(check_bytes(clean));
  if (auto json = parse_json_source(clean, limits)) return *std::move(json);
  return parse_yaml(clean, limits);
}

}  // namespace deed
