#include "deed/core/secrets.hpp"

#include "deed/core/json.hpp"

#include <algorithm>
#include <cstdint>

namespace deed {
namespace {

std::string json_form(const std::string& value, bool only_ascii = false) {
  const std::string quoted = Json(value).dump(-1, ' ', only_ascii, Json::error_handler_t::replace);
  return quoted.substr(1, quoted.size() - 2);
}

std::string url_form(const std::string& value, std::string_view hex_digits, bool blank_is_plus) {
  std::string out;
  for (const char c : value) {
    const auto u = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else if (c == ' ' && blank_is_plus) {
      out += '+';
    } else {
      out += '%';
      out += hex_digits[u >> 4];
      out += hex_digits[u & 15];
    }
  }
  return out;
}

// The Base64 digits that `value` alone decides when `before` bytes stand in front of it in its
// group of three. The first and the last digit may depend on neighbours and are left out then.
std::string base64_form(const std::string& value, std::size_t before, std::string_view last_two) {
  const std::string digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + std::string(last_two);
  std::string out;
  std::uint32_t bits = 0;
  std::size_t count = 0;
  for (const char c : std::string(before, '\0') + value) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6;) {
      count -= 6;
      out += digits[bits >> count & 63];
    }
  }
  return out.substr((before * 8 + 5) / 6);
}

std::vector<std::string> forms(const std::string& value) {
  std::vector<std::string> out = {value,
                                  Json::parse('"' + json_form(value) + '"').get<std::string>(),  // with U+FFFD for what is not UTF-8
                                  json_form(value),
                                  json_form(json_form(value)),
                                  json_form(value, true),
                                  url_form(value, "0123456789ABCDEF", false),
                                  url_form(value, "0123456789abcdef", false),
                                  url_form(value, "0123456789ABCDEF", true)};
  for (const std::size_t before : {0u, 1u, 2u}) {
    out.push_back(base64_form(value, before, "+/"));
    out.push_back(base64_form(value, before, "-_"));
  }
  return out;
}

}  // namespace

void Redactor::add(const Secret& secret) {
  const std::string& value = secret.reveal();
  if (value.size() < 6) return;
  for (std::string& form : forms(value)) {
    if (std::find(needles_.begin(), needles_.end(), form) == needles_.end()) {
      needles_.push_back(std::move(form));
    }
  }
  std::sort(needles_.begin(), needles_.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

bool Redactor::finds(std::string_view text) const {
  return std::any_of(needles_.begin(), needles_.end(), [&](const std::string& needle) {
    return text.find(needle) != std::string_view::npos;
  });
}

std::string Redactor::redact(std::string text) const {
  for (const std::string& needle : needles_) {
    for (std::size_t at = text.find(needle); at != std::string::npos; at = text.find(needle, at)) {
      text.replace(at, needle.size(), "[secret]");
      at += 8;
    }
  }
  return text;
}

}  // namespace deed
