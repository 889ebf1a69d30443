#include "deed/tools/html_visibility.hpp"

#include "deed/core/text.hpp"

#include <charconv>
#include <string>
#include <string_view>

namespace deed {
namespace {

int hex_digit(char c) {
  const std::size_t digit = std::string_view("0123456789abcdef").find(c);
  return digit == std::string_view::npos ? -1 : static_cast<int>(digit);
}

Color color_of_hex(std::string_view digits) {
  if (digits.size() != 3 && digits.size() != 6) return unknown_color;
  Color out = 0;
  for (const char c : digits) {
    const int digit = hex_digit(c);
    if (digit < 0) return unknown_color;
    out = out << 4 | static_cast<Color>(digit);
    if (digits.size() == 3) out = out << 4 | static_cast<Color>(digit);
  }
  return out;
}

// Lengths, shares and the parts of "rgb(255, 255, 255)". Not by strtod, which reads by the locale.
struct Number {
  double value = 0;
  bool is_number = false;
  std::string_view unit;
};

Number number_of(std::string_view text) {
  Number out;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.value);
  out.is_number = error == std::errc();
  out.unit = trim(text.substr(static_cast<std::size_t>(end - text.data())));
  return out;
}

Color color_of_parts(std::string_view parts) {
  std::vector<double> numbers;
  while (!parts.empty()) {
    const std::size_t begin = std::min(parts.find_first_of("0123456789."), parts.size());
    const Number number = number_of(parts.substr(begin));
    if (!number.is_number) break;
    numbers.push_back(number.value);
    parts = number.unit;
  }
  if (numbers.size() >= 4 && numbers[3] < 0.05) return no_color;
  if (numbers.size() < 3 || numbers[0] > 255 || numbers[1] > 255 || numbers[2] > 255) return unknown_color;
  return static_cast<Color>(numbers[0]) << 16 | static_cast<Color>(numbers[1]) << 8 | static_cast<Color>(numbers[2]);
}

// `text` in lower case, without blanks at its ends.
Color color_of(std::string_view text) {
  if (text == "transparent") return no_color;
  if (text == "white") return 0xFFFFFF;
  if (text == "black") return 0;
  if (text.starts_with('#')) return color_of_hex(text.substr(1));
  if (text.starts_with("rgb(") || text.starts_with("rgba(")) return color_of_parts(text.substr(text.find('(')));
  return unknown_color;
}

bool is_relative(const Number& length) { return length.unit.starts_with("em") || length.unit.starts_with('%'); }
bool is_none(const Number& length) { return length.is_number && length.value < 0.1 && length.value > -0.1; }
bool is_dot(const Number& length) { return is_none(length) || (length.is_number && length.value < 1.5 && !is_relative(length)); }

std::string without_css_comments(std::string_view style) {
  std::string out;
  for (;;) {
    const std::size_t begin = style.find("/*");
    out += style.substr(0, begin);
    if (begin == std::string_view::npos) return out;
    const std::size_t end = style.find("*/", begin + 2);
    if (end == std::string_view::npos) return out;
    style.remove_prefix(end + 2);
  }
}

class StyleReader {
 public:
  void read(std::string_view style, Visibility& out) {
    const std::string text = without_css_comments(style);
    for (const std::string_view declaration : split(text, ';')) {
      const std::size_t colon = declaration.find(':');
      if (colon == std::string_view::npos) continue;
      const std::string value = lower_ascii(declaration.substr(colon + 1));
      take(lower_ascii(trim(declaration.substr(0, colon))), trim(std::string_view(value).substr(0, value.find("!important"))), out);
    }
    out.is_gone = out.is_gone || is_not_displayed_ || is_elsewhere_ || (clips_ && has_no_extent_);
  }

 private:
  void take(const std::string& name, std::string_view value, Visibility& out) {
    const Number number = number_of(value);
    if (name == "display")
      is_not_displayed_ = value == "none";
    else if (name == "visibility")
      out.is_invisible = value == "hidden" || value == "collapse";
    else if (name == "opacity")
      is_elsewhere_ = is_elsewhere_ || (number.is_number && number.value < 0.05);
    else if (name == "font-size")
      take_font_size(number, out);
    else if (name == "color")
      out.color = value == "inherit" ? std::optional<Color>() : color_of(value);
    else if (name == "background-color" || name == "background")
      out.background = color_of(value);
    else if (name.starts_with("background"))
      out.background = unknown_color;
    else if (name.starts_with("overflow"))
      clips_ = clips_ || value == "hidden" || value == "clip";
    else if (is_extent(name))
      has_no_extent_ = has_no_extent_ || is_dot(number);
    else if (name == "left" || name == "top" || name == "text-indent")
      is_elsewhere_ = is_elsewhere_ || number.value <= -900;
    else if (name == "transform")
      is_elsewhere_ = is_elsewhere_ || value == "scale(0)";
  }

  static bool is_extent(const std::string& name) {
    return name == "height" || name == "max-height" || name == "width" || name == "max-width";
  }

  // Half of nothing is nothing.
  static void take_font_size(const Number& size, Visibility& out) {
    if (is_dot(size))
      out.is_tiny = true;
    else if (!is_relative(size))
      out.is_tiny = false;
  }

  bool is_not_displayed_ = false, is_elsewhere_ = false, clips_ = false, has_no_extent_ = false;
};

Color color_in(const HtmlToken& tag, std::string_view attribute) {
  const std::string value = lower_ascii(trim(tag.attribute(attribute).substr(0, 100)));
  const Color bare = color_of_hex(value);  // HTML, not CSS: the # may be missing
  return bare == unknown_color ? color_of(value) : bare;
}

}  // namespace

bool is_alike(Color a, Color b) {
  for (int shift = 0; shift <= 16; shift += 8) {
    const int difference = static_cast<int>(a >> shift & 0xFF) - static_cast<int>(b >> shift & 0xFF);
    if (difference > 12 || difference < -12) return false;
  }
  return true;
}

Visibility visibility_of(const HtmlToken& tag, std::optional<Color> given) {
  Visibility out{.color = given};
  if (tag.has_attribute("color")) out.color = color_in(tag, "color");
  if (tag.has_attribute("bgcolor")) out.background = color_in(tag, "bgcolor");
  if (tag.has_attribute("background")) out.background = unknown_color;
  if (tag.has_attribute("style")) StyleReader().read(decode_references(tag.attribute("style").substr(0, 8'000)), out);
  if (tag.has_attribute("hidden") || (tag.name == "dialog" && !tag.has_attribute("open"))) out.is_gone = true;
  return out;
}

}  // namespace deed
