// Reading the structs of plugins/deed_plugin.h, which another compiler and another year may have made. Internal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include "deed/plugins/deed_plugin.h"
#include "deed/plugins/plugin_host.hpp"

namespace deed {

/// A struct as this version knows it: what lies behind its maker's size is zero.
/// errors  invalid: null, or smaller than `least` bytes
template <class Struct>
Result<Struct> read_struct(const Struct* given, std::size_t least, const char* name) {
  if (!given) return fail(ErrorKind::invalid, std::string(name) + " is NULL");
  std::size_t size = 0;
  std::memcpy(&size, given, sizeof size);
  if (size < least) return fail(ErrorKind::invalid, std::string(name) + " says that it has " + std::to_string(size) + " bytes", "", "its member `size` is sizeof of it");
  Struct out{};
  std::memcpy(&out, given, std::min(size, sizeof out));
  return out;
}

/// The number of an enumerator that another compiler wrote: it may be none of those that are known here.
template <class Enum>
std::uint32_t number_of(const Enum& given) {
  static_assert(sizeof(Enum) == sizeof(std::uint32_t));
  std::uint32_t out = 0;
  std::memcpy(&out, &given, sizeof out);
  return out;
}

/// A copy of borrowed UTF-8.
/// errors  invalid: NULL with a size, or not UTF-8; limit
Result<std::string> read_utf8(deed_text text, std::size_t max_bytes, const char* name);
/// The same of any bytes.
Result<std::string> read_bytes(deed_text text, std::size_t max_bytes, const char* name);

inline deed_text text_of(const std::string& text) { return {text.data(), text.size()}; }

/// Largest result, text, preview: of each member.
inline constexpr std::size_t max_answer_bytes = 32u << 20;

Result<Outcome> read_outcome(const deed_outcome* outcome);
Result<Preview> read_preview(const deed_preview* preview);
/// Headers that are a JSON object as a text; nothing is none.
Result<HttpHeaders> read_headers(deed_text json);

/// One tool in the shape of declared_tool.hpp.
Result<Json> read_tool(const deed_tool* tool);

}  // namespace deed
