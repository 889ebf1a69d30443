// JSON that is kept and compared as text: what is written once and rarely looked into costs no tree of values.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "deed/core/json.hpp"

namespace deed {

/// One JSON value as its text. It is well-formed (until it is moved from): it was printed from a value, written by a JsonWriter, or
/// checked.
class JsonText {
 public:
  JsonText() = default;  ///< {}
  explicit JsonText(const Json& value) : text_(to_text(value)) {}
  /// errors  those of parse_json
  static Result<JsonText> parse(std::string text, JsonLimits limits = {});

  const std::string& text() const& { return text_; }
  std::string text() && { return std::move(text_); }
  /// Parsed anew each time.
  Json value() const { return Json::parse(text_); }

  bool operator==(const JsonText&) const = default;

 private:
  friend class JsonWriter;
  std::string text_ = "{}";
};

/// Writes values one behind the other, as to_text would print them, with bytes that are not UTF-8 as U+FFFD. The caller sees to it that
/// what is begun is ended, and that an object has each member once.
class JsonWriter {
 public:
  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  /// Then its value. name  needs no escapes
  void member(std::string_view name);

  void value(std::string_view text);
  template <std::same_as<Json> T> void value(const T& json) { put(to_text(json)); }
  template <std::same_as<double> T> void value(T number) { value(Json(number)); }
  template <std::same_as<bool> T> void value(T truth) { put(truth ? "true" : "false"); }
  template <std::same_as<std::int64_t> T> void value(T number) {
    char digits[20];
    put({digits, std::to_chars(digits, digits + sizeof digits, number).ptr});
  }
  void null() { put("null"); }

  /// What was written, as one value.
  JsonText text() && {
    JsonText out;
    out.text_ = std::move(text_);
    return out;
  }

 private:
  void separate() {
    if (needs_comma_) text_ += ',';
    needs_comma_ = true;
  }
  void put(std::string_view printed) { separate(), text_ += printed; }
  void open(char bracket) { separate(), text_ += bracket, needs_comma_ = false; }
  void close(char bracket) { text_ += bracket, needs_comma_ = true; }

  std::string text_ = with_room();
  bool needs_comma_ = false;

  static std::string with_room() {
    std::string text;
    text.reserve(500);
    return text;
  }
};

/// The values as a JSON array: no two lists of them give the same bytes. What hashes of several values are taken of.
std::string json_array(const auto&... values) {
  JsonWriter writer;
  writer.begin_array();
  (writer.value(values), ...);
  writer.end_array();
  return std::move(writer).text().text();
}

}  // namespace deed
