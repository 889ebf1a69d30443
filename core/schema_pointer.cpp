#include "deed/core/schema_pointer.hpp"

namespace deed::schema {
namespace {

std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) {
    return std::string_view("0123456789abcdef").find(static_cast<char>(c | 0x20));
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) < 16 &&
        digit(text[i + 2]) < 16) {
      out += static_cast<char>(digit(text[i + 1]) << 4 | digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::string pointer_part(std::string_view name) {
  std::string out;
  for (const char c : name) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

const Json* referred(const Json& root, std::string_view reference) {
  const std::string pointer = percent_decoded(reference.substr(1));
  try {
    const Json::json_pointer path(pointer);
    return root.contains(path) ? &root.at(path) : nullptr;
  } catch (const Json::exception&) {
    return nullptr;
  }
}

}  // namespace deed::schema
