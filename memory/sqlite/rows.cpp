// From events to rows: limits, redaction, UTF-8, and which body goes to the blob table.
#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"
#include "deed/memory/sqlite/store.hpp"

#include <algorithm>

namespace deed::sqlite {
namespace {

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

// Whether the values of the JSON have no secret, going by how they were printed: without an escape each of them stands there as it is.
bool is_surely_clean(const Redactor& redactor, const std::string& json) {
  return redactor.empty() || (json.find('\\') == std::string::npos && !redactor.finds(json));
}

Result<Row> to_row(const Redactor& redactor, const Event& event) {
  const auto where = [&] { return "an event of kind " + std::string(utf8_prefix(event.kind, 64)); };
  if (event.kind.empty()) return fail(ErrorKind::invalid, "an event has no kind");
  if (event.kind.size() > max_short_text_bytes || event.call.size() > max_short_text_bytes) {
    return fail(ErrorKind::limit, "the kind or the call id is longer than 256 bytes", where());
  }
  const Result<void> fits = check_json_limits(event.body.text(), {.max_bytes = max_body_bytes, .max_depth = max_body_depth});
  if (!fits) DEED_OK(with_context(fits, where()));
  Row row{&event, cleaned(redactor, event.kind), cleaned(redactor, event.call), clean_body(redactor, event.body), cleaned(redactor, event.search_text)};
  const std::size_t bytes = row.body.view().size();
  if (bytes > max_body_bytes) {
    return fail(ErrorKind::limit, "the body has " + human_bytes(bytes) + "; at most " + human_bytes(max_body_bytes) + " are kept", where());
  }
  if (bytes > inline_body_bytes) row.blob = sha256_hex(row.body.view());
  return row;
}

}  // namespace

std::string clean_text(const Redactor& redactor, std::string text) {
  return to_utf8(redactor.redact(std::move(text)));
}

CleanText cleaned(const Redactor& redactor, std::string_view text) {
  if (is_utf8(text) && !redactor.finds(text)) return CleanText(text);
  return CleanText(clean_text(redactor, std::string(text)));
}

CleanText clean_body(const Redactor& redactor, const JsonText& body) {
  if (is_surely_clean(redactor, body.text())) return CleanText(std::string_view(body.text()));
  // Printed anew in any case: what was looked at is what is kept, and a text may name a member twice.
  const Json value = body.value();
  return CleanText(to_text(has_secret(redactor, value) ? redacted_value(redactor, value) : value));
}

Result<std::vector<Row>> to_rows(const Redactor& redactor, const std::vector<Event>& events) {
  if (events.empty()) return fail(ErrorKind::invalid, "nothing to append");
  if (events.size() > max_events) {
    return fail(ErrorKind::limit, std::to_string(events.size()) + " events at once; at most " +
                                      std::to_string(max_events));
  }
  std::vector<Row> rows;
  rows.reserve(events.size());
  for (const Event& event : events) {
    DEED_TRY(Row row, to_row(redactor, event));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace deed::sqlite
