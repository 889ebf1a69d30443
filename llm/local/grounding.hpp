// What can be copied out of a text: addresses, URLs, paths, numbers, quotations; and which of these
// a schema's property wants. Scanners written by hand in linear time: a text may be 2 MB and come
// from a stranger.
#pragma once

#include "deed/core/json.hpp"
#include "deed/llm/local/words.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// How many of a kind are taken from one text; the rest is ignored.
inline constexpr std::size_t max_spans = 64;

/// The words between quotation marks ("…", '…' round words, “…”, „…“, «…», `…`), without the marks.
std::vector<Span> find_quotes(std::string_view text);
/// "ann@example.org", without punctuation behind it.
std::vector<Span> find_emails(std::string_view text);
/// http, https and ftp URLs, without punctuation behind them.
std::vector<Span> find_urls(std::string_view text);
/// What looks like a path: with a slash, or a name with an extension; not within an address or a
/// URL. A quotation that looks like a path as a whole counts as one, blanks included.
std::vector<Span> find_paths(std::string_view text);

struct NumberSpan {
  Span span;
  std::vector<double> values;  ///< readings, likeliest first: "5%" is 0.05 or 5
  bool is_weak = false;        ///< perhaps not meant as a number: "one", "x2"
};
/// Numbers in digits (1,000.5; 5k; 30%; 1e-9) and in English words, in their order.
std::vector<NumberSpan> find_numbers(std::string_view text);

struct DateSpan {
  Span span;
  std::string iso;  ///< "2026-05-04"
};
/// Dates with a year: "May 4th, 2026", "4 May 2026", "2026-05-04", "05/04/2026" (month first).
std::vector<DateSpan> find_dates(std::string_view text);

/// What a string argument wants. The first three are critical: they say where an effect goes.
enum class SlotKind { email, url, path, free_text, label };

/// By the schema's format first, then by the argument's name, then by its description.
SlotKind slot_kind(std::string_view name, const Json& schema);
inline constexpr SlotKind critical_slots[] = {SlotKind::email, SlotKind::url, SlotKind::path};
inline bool is_critical(SlotKind kind) {
  return kind == SlotKind::email || kind == SlotKind::url || kind == SlotKind::path;
}

/// The spans of a critical kind in `text`.
std::vector<Span> find_kind(SlotKind kind, std::string_view text);

/// The addresses, URLs and paths in `text`, in their order. Linear.
std::vector<Span> find_places(std::string_view text);

/// The schema's type, without "null"; "string" where it says nothing.
std::string schema_type(const Json& schema);

}  // namespace deed
