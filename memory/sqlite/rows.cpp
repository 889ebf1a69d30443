// From events to rows: limits, redaction, UTF-8, and which body goes to the blob table.
#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"
#include "deed/memory/sqlite/store.hpp"

#include <algorithm>

namespace deed::sqlite {
namespace {

bool deeper_than(const Json& value, int depth) {
  if (!value.is_structured()) return false;
  if (depth == 0) return true;
  return std::any_of(value.begin(), value.end(),
                     [&](const Json& inner) { return deeper_than(inner, depth - 1); });
}

// Redacts value by value. A number that is a secret becomes a text: a replacement in the printed
// JSON could break it.
Json redacted_value(const Redactor& redactor, const Json& value) {
  if (value.is_object()) {
    Json out = Json::object();
    for (const auto& [key, inner] : value.items()) {
      out[redactor.redact(key)] = redacted_value(redactor, inner);
    }
    return out;
  }
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& inner : value) out.push_back(redacted_value(redactor, inner));
    return out;
  }
  if (value.is_string()) return redactor.redact(value.get<std::string>());
  std::string text = to_text(value);
  return redactor.finds(text) ? Json(redactor.redact(std::move(text))) : value;
}

// Looked for where it would stand: in the texts themselves, before printing adds escapes to them.
bool has_secret(const Redactor& redactor, const Json& value) {
  if (value.is_string()) return redactor.finds(value.get_ref<const std::string&>());
  if (!value.is_structured()) return redactor.finds(to_text(value));
  if (value.is_array()) {
    return std::any_of(value.begin(), value.end(),
                       [&](const Json& inner) { return has_secret(redactor, inner); });
  }
  const auto members = value.items();
  return std::any_of(members.begin(), members.end(), [&](const auto& member) {
    return redactor.finds(member.key()) || has_secret(redactor, member.value());
  });
}

Result<Row> to_row(const Redactor& redactor, Event event) {
  const std::string where = "an event of kind " + std::string(utf8_prefix(event.kind, 64));
  if (event.kind.empty()) return fail(ErrorKind::invalid, "an event has no kind");
  if (event.kind.size() > max_short_text_bytes || event.call.size() > max_short_text_bytes) {
    return fail(ErrorKind::limit, "the kind or the call id is longer than 256 bytes", where);
  }
  if (deeper_than(event.body, max_body_depth)) {
    return fail(ErrorKind::limit,
                "the body is nested deeper than " + std::to_string(max_body_depth), where);
  }
  Row row;
  row.body = clean_body(redactor, event.body);
  if (row.body.size() > max_body_bytes) {
    return fail(ErrorKind::limit,
                "the body has " + human_bytes(row.body.size()) + "; at most " +
                    human_bytes(max_body_bytes) + " are kept",
                where);
  }
  if (row.body.size() > inline_body_bytes) row.blob = sha256_hex(row.body);
  if (!event.search_text.empty()) {
    // Redacted before it is cut, so that no half of a secret is left at the end.
    const std::string text = clean_text(redactor, std::move(event.search_text));
    row.text = std::string(utf8_prefix(text, max_search_text_bytes));
  }
  event.kind = clean_text(redactor, std::move(event.kind));
  event.call = clean_text(redactor, std::move(event.call));
  event.body = nullptr;
  event.search_text.clear();
  row.event = std::move(event);
  return row;
}

}  // namespace

std::string clean_text(const Redactor& redactor, std::string text) {
  return to_utf8(redactor.redact(std::move(text)));
}

std::string clean_body(const Redactor& redactor, const Json& body) {
  if (redactor.empty() || !has_secret(redactor, body)) return to_text(body);
  return to_text(redacted_value(redactor, body));
}

Result<std::vector<Row>> to_rows(const Redactor& redactor, std::vector<Event> events) {
  if (events.empty()) return fail(ErrorKind::invalid, "nothing to append");
  if (events.size() > max_events) {
    return fail(ErrorKind::limit, std::to_string(events.size()) + " events at once; at most " +
                                      std::to_string(max_events));
  }
  std::vector<Row> rows;
  rows.reserve(events.size());
  for (Event& event : events) {
    DEED_TRY(Row row, to_row(redactor, std::move(event)));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace deed::sqlite
