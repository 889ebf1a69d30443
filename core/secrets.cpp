#include "deed/core/secrets.hpp"

#include <algorithm>
#include <cstdint>

#include "deed/core/json.hpp"

namespace deed {
namespace {

std::string json_form(const std::string& value) {
  const std::string quoted = to_text(Json(value));
  return quoted.substr(1, quoted.size() - 2);
}

std::string url_form(const std::string& value) {
  std::string out;
  for (const char c : value) {
    const auto u = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += "0123456789ABCDEF"[u >> 4];
      out += "0123456789ABCDEF"[u & 15];
    }
  }
  return out;
}

std::string base64_form(const std::string& value) {
  const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : value) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    count += 8;
    while (count >= 6) {
      count -= 6;
      out += digits[bits >> count & 63];
    }
  }
  // The last digit depends on what follows the secret; leaving it out matches both.
  return out;
}

}  // namespace

void Redactor::add(const Secret& secret) {
  const std::string& value = secret.reveal();
  if (value.size() < 6) return;
  for (std::string form : {value, json_form(value), url_form(value), base64_form(value)}) {
    if (std::find(needles_.begin(), needles_.end(), form) == needles_.end()) {
      needles_.push_back(std::move(form));
    }
  }
  std::sort(needles_.begin(), needles_.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
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
