#include "deed/tools/html_tokens.hpp"

#include "deed/core/text.hpp"
#include "deed/tools/windows_1252.hpp"

#include <algorithm>

namespace deed {
namespace {

constexpr std::size_t max_tag_name_bytes = 32;
constexpr std::size_t max_attributes = 64;

bool is_html_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r'; }
bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// What stands in these is no HTML: it lasts until their end tag.
bool holds_raw_text(std::string_view name) {
  static constexpr std::string_view names[] = {"iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp"};
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

struct NamedCharacter {
  std::string_view name;
  char32_t code;
};

// HTML 4's, section 24, and &apos;: HTML 5 has two thousand more, for formulas. Sorted.
constexpr NamedCharacter named_characters[] = {
    {"AElig", 0xC6},    {"Aacute", 0xC1},   {"Acirc", 0xC2},     {"Agrave", 0xC0},   {"Alpha", 0x391},    {"Aring", 0xC5},
    {"Atilde", 0xC3},   {"Auml", 0xC4},     {"Beta", 0x392},     {"Ccedil", 0xC7},   {"Chi", 0x3A7},      {"Dagger", 0x2021},
    {"Delta", 0x394},   {"ETH", 0xD0},      {"Eacute", 0xC9},    {"Ecirc", 0xCA},    {"Egrave", 0xC8},    {"Epsilon", 0x395},
    {"Eta", 0x397},     {"Euml", 0xCB},     {"Gamma", 0x393},    {"Iacute", 0xCD},   {"Icirc", 0xCE},     {"Igrave", 0xCC},
    {"Iota", 0x399},    {"Iuml", 0xCF},     {"Kappa", 0x39A},    {"Lambda", 0x39B},  {"Mu", 0x39C},       {"Ntilde", 0xD1},
    {"Nu", 0x39D},      {"OElig", 0x152},   {"Oacute", 0xD3},    {"Ocirc", 0xD4},    {"Ograve", 0xD2},    {"Omega", 0x3A9},
    {"Omicron", 0x39F}, {"Oslash", 0xD8},   {"Otilde", 0xD5},    {"Ouml", 0xD6},     {"Phi", 0x3A6},      {"Pi", 0x3A0},
    {"Prime", 0x2033},  {"Psi", 0x3A8},     {"Rho", 0x3A1},      {"Scaron", 0x160},  {"Sigma", 0x3A3},    {"THORN", 0xDE},
    {"Tau", 0x3A4},     {"Theta", 0x398},   {"Uacute", 0xDA},    {"Ucirc", 0xDB},    {"Ugrave", 0xD9},    {"Upsilon", 0x3A5},
    {"Uuml", 0xDC},     {"Xi", 0x39E},      {"Yacute", 0xDD},    {"Yuml", 0x178},    {"Zeta", 0x396},     {"aacute", 0xE1},
    {"acirc", 0xE2},    {"acute", 0xB4},    {"aelig", 0xE6},     {"agrave", 0xE0},   {"alefsym", 0x2135}, {"alpha", 0x3B1},
    {"amp", 0x26},      {"and", 0x2227},    {"ang", 0x2220},     {"apos", 0x27},     {"aring", 0xE5},     {"asymp", 0x2248},
    {"atilde", 0xE3},   {"auml", 0xE4},     {"bdquo", 0x201E},   {"beta", 0x3B2},    {"brvbar", 0xA6},    {"bull", 0x2022},
    {"cap", 0x2229},    {"ccedil", 0xE7},   {"cedil", 0xB8},     {"cent", 0xA2},     {"chi", 0x3C7},      {"circ", 0x2C6},
    {"clubs", 0x2663},  {"cong", 0x2245},   {"copy", 0xA9},      {"crarr", 0x21B5},  {"cup", 0x222A},     {"curren", 0xA4},
    {"dArr", 0x21D3},   {"dagger", 0x2020}, {"darr", 0x2193},    {"deg", 0xB0},      {"delta", 0x3B4},    {"diams", 0x2666},
    {"divide", 0xF7},   {"eacute", 0xE9},   {"ecirc", 0xEA},     {"egrave", 0xE8},   {"empty", 0x2205},   {"emsp", 0x2003},
    {"ensp", 0x2002},   {"epsilon", 0x3B5}, {"equiv", 0x2261},   {"eta", 0x3B7},     {"eth", 0xF0},       {"euml", 0xEB},
    {"euro", 0x20AC},   {"exist", 0x2203},  {"fnof", 0x192},     {"forall", 0x2200}, {"frac12", 0xBD},    {"frac14", 0xBC},
    {"frac34", 0xBE},   {"frasl", 0x2044},  {"gamma", 0x3B3},    {"ge", 0x2265},     {"gt", 0x3E},        {"hArr", 0x21D4},
    {"harr", 0x2194},   {"hearts", 0x2665}, {"hellip", 0x2026},  {"iacute", 0xED},   {"icirc", 0xEE},     {"iexcl", 0xA1},
    {"igrave", 0xEC},   {"image", 0x2111},  {"infin", 0x221E},   {"int", 0x222B},    {"iota", 0x3B9},     {"iquest", 0xBF},
    {"isin", 0x2208},   {"iuml", 0xEF},     {"kappa", 0x3BA},    {"lArr", 0x21D0},   {"lambda", 0x3BB},   {"lang", 0x2329},
    {"laquo", 0xAB},    {"larr", 0x2190},   {"lceil", 0x2308},   {"ldquo", 0x201C},  {"le", 0x2264},      {"lfloor", 0x230A},
    {"lowast", 0x2217}, {"loz", 0x25CA},    {"lrm", 0x200E},     {"lsaquo", 0x2039}, {"lsquo", 0x2018},   {"lt", 0x3C},
    {"macr", 0xAF},     {"mdash", 0x2014},  {"micro", 0xB5},     {"middot", 0xB7},   {"minus", 0x2212},   {"mu", 0x3BC},
    {"nabla", 0x2207},  {"nbsp", 0xA0},     {"ndash", 0x2013},   {"ne", 0x2260},     {"ni", 0x220B},      {"not", 0xAC},
    {"notin", 0x2209},  {"nsub", 0x2284},   {"ntilde", 0xF1},    {"nu", 0x3BD},      {"oacute", 0xF3},    {"ocirc", 0xF4},
    {"oelig", 0x153},   {"ograve", 0xF2},   {"oline", 0x203E},   {"omega", 0x3C9},   {"omicron", 0x3BF},  {"oplus", 0x2295},
    {"or", 0x2228},     {"ordf", 0xAA},     {"ordm", 0xBA},      {"oslash", 0xF8},   {"otilde", 0xF5},    {"otimes", 0x2297},
    {"ouml", 0xF6},     {"para", 0xB6},     {"part", 0x2202},    {"permil", 0x2030}, {"perp", 0x22A5},    {"phi", 0x3C6},
    {"pi", 0x3C0},      {"piv", 0x3D6},     {"plusmn", 0xB1},    {"pound", 0xA3},    {"prime", 0x2032},   {"prod", 0x220F},
    {"prop", 0x221D},   {"psi", 0x3C8},     {"quot", 0x22},      {"rArr", 0x21D2},   {"radic", 0x221A},   {"rang", 0x232A},
    {"raquo", 0xBB},    {"rarr", 0x2192},   {"rceil", 0x2309},   {"rdquo", 0x201D},  {"real", 0x211C},    {"reg", 0xAE},
    {"rfloor", 0x230B}, {"rho", 0x3C1},     {"rlm", 0x200F},     {"rsaquo", 0x203A}, {"rsquo", 0x2019},   {"sbquo", 0x201A},
    {"scaron", 0x161},  {"sdot", 0x22C5},   {"sect", 0xA7},      {"shy", 0xAD},      {"sigma", 0x3C3},    {"sigmaf", 0x3C2},
    {"sim", 0x223C},    {"spades", 0x2660}, {"sub", 0x2282},     {"sube", 0x2286},   {"sum", 0x2211},     {"sup", 0x2283},
    {"sup1", 0xB9},     {"sup2", 0xB2},     {"sup3", 0xB3},      {"supe", 0x2287},   {"szlig", 0xDF},     {"tau", 0x3C4},
    {"there4", 0x2234}, {"theta", 0x3B8},   {"thetasym", 0x3D1}, {"thinsp", 0x2009}, {"thorn", 0xFE},     {"tilde", 0x2DC},
    {"times", 0xD7},    {"trade", 0x2122},  {"uArr", 0x21D1},    {"uacute", 0xFA},   {"uarr", 0x2191},    {"ucirc", 0xFB},
    {"ugrave", 0xF9},   {"uml", 0xA8},      {"upsih", 0x3D2},    {"upsilon", 0x3C5}, {"uuml", 0xFC},      {"weierp", 0x2118},
    {"xi", 0x3BE},      {"yacute", 0xFD},   {"yen", 0xA5},       {"yuml", 0xFF},     {"zeta", 0x3B6},     {"zwj", 0x200D},
    {"zwnj", 0x200C}};

// The character references of windows-1252, which HTML 5 reads so, are among them.
std::string utf8_of(char32_t code) {
  if (code >= 0x80 && code < 0xA0) return utf8_from_windows_1252(std::string(1, static_cast<char>(code)));
  if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return "\uFFFD";
  if (code < 0x80) return std::string(1, static_cast<char>(code));
  if (code < 0x800) return {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
  if (code < 0x10000) {
    return {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3F)), static_cast<char>(0x80 | (code & 0x3F))};
  }
  return {static_cast<char>(0xF0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 0x3F)), static_cast<char>(0x80 | (code >> 6 & 0x3F)),
          static_cast<char>(0x80 | (code & 0x3F))};
}

int digit_of(char c, int base) {
  const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
  return digit < base ? digit : -1;
}

// Behind "&#": appends the character, and returns the length of the number with its semicolon; 0 if it is none.
std::size_t append_numbered(std::string& out, std::string_view text) {
  const bool is_hex = text.starts_with('x') || text.starts_with('X');
  const std::size_t begin = is_hex ? 1 : 0;
  std::size_t at = begin;
  char32_t code = 0;
  for (int digit; at < text.size() && (digit = digit_of(text[at], is_hex ? 16 : 10)) >= 0; ++at) {
    code = std::min<char32_t>(code * (is_hex ? 16 : 10) + static_cast<char32_t>(digit), 0x110000);
  }
  if (at == begin) return 0;
  out += utf8_of(code);
  return at < text.size() && text[at] == ';' ? at + 1 : at;
}

// Behind "&": likewise. A name without its semicolon counts if no letter or digit follows.
std::size_t append_named(std::string& out, std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && end < 10 && (is_ascii_letter(text[end]) || digit_of(text[end], 10) >= 0)) ++end;
  const std::string_view name = text.substr(0, end);
  const auto* found = std::lower_bound(std::begin(named_characters), std::end(named_characters), name,
                                       [](const NamedCharacter& row, std::string_view wanted) { return row.name < wanted; });
  if (found == std::end(named_characters) || found->name != name) return 0;
  out += utf8_of(found->code);
  return end < text.size() && text[end] == ';' ? end + 1 : end;
}

}  // namespace

std::string_view HtmlToken::attribute(std::string_view wanted) const {
  const auto found = std::find_if(attributes.begin(), attributes.end(), [&](const auto& entry) { return entry.first == wanted; });
  return found == attributes.end() ? std::string_view() : found->second;
}

bool HtmlToken::has_attribute(std::string_view wanted) const {
  return std::any_of(attributes.begin(), attributes.end(), [&](const auto& entry) { return entry.first == wanted; });
}

bool HtmlTokens::next(HtmlToken& token) {
  while (at_ < html_.size()) {
    if (!raw_name_.empty()) {
      token = {.kind = HtmlToken::Kind::text, .text = take_raw_text()};
      return true;
    }
    if (is_markup()) {
      if (take_markup(token)) return true;
      continue;
    }
    std::size_t end = at_ + 1;
    while (end < html_.size() && html_[end] != '<') ++end;
    token = {.kind = HtmlToken::Kind::text, .text = html_.substr(at_, end - at_)};
    at_ = end;
    return true;
  }
  return false;
}

bool HtmlTokens::is_markup() const {
  if (html_[at_] != '<' || at_ + 1 >= html_.size()) return false;
  const char c = html_[at_ + 1];
  return is_ascii_letter(c) || c == '!' || c == '?' || (c == '/' && at_ + 2 < html_.size());
}

// False where it was a comment, or a tag that the end cut off.
bool HtmlTokens::take_markup(HtmlToken& token) {
  const char c = html_[at_ + 1];
  if (is_ascii_letter(c)) return take_tag(token, at_ + 1, HtmlToken::Kind::start);
  if (c == '/' && is_ascii_letter(html_[at_ + 2])) return take_tag(token, at_ + 2, HtmlToken::Kind::end);
  if (html_.substr(at_).starts_with("<!--"))
    skip_comment();
  else
    at_ = std::min(html_.find('>', at_), html_.size() - 1) + 1;
  return false;
}

void HtmlTokens::skip_comment() {
  const std::string_view rest = html_.substr(at_ + 4);
  if (rest.starts_with('>') || rest.starts_with("->")) {
    at_ = html_.find('>', at_) + 1;
    return;
  }
  for (std::size_t dashes = html_.find("--", at_ + 4); dashes != std::string_view::npos; dashes = html_.find("--", dashes + 1)) {
    const std::string_view behind = html_.substr(dashes + 2);
    if (!behind.starts_with('>') && !behind.starts_with("!>")) continue;
    at_ = html_.find('>', dashes) + 1;
    return;
  }
  at_ = html_.size();
}

bool HtmlTokens::take_tag(HtmlToken& token, std::size_t name_at, HtmlToken::Kind kind) {
  std::size_t at = name_at;
  while (at < html_.size() && !is_html_blank(html_[at]) && html_[at] != '/' && html_[at] != '>') ++at;
  token = {.kind = kind};
  if (at - name_at <= max_tag_name_bytes) token.name = lower_ascii(html_.substr(name_at, at - name_at));
  at = take_attributes(token, at);
  at_ = std::min(at + 1, html_.size());
  if (at >= html_.size()) return false;
  if (kind == HtmlToken::Kind::start && (holds_raw_text(token.name) || token.name == "plaintext")) raw_name_ = token.name;
  return true;
}

// Returns where the tag's ">" is. The states of section 13.2.5.32 to 13.2.5.39.
std::size_t HtmlTokens::take_attributes(HtmlToken& token, std::size_t at) const {
  const auto skip_blanks = [&] {
    while (at < html_.size() && is_html_blank(html_[at])) ++at;
  };
  for (;;) {
    while (at < html_.size() && (is_html_blank(html_[at]) || html_[at] == '/')) ++at;
    if (at >= html_.size() || html_[at] == '>') return at;
    const std::size_t name_at = at++;
    while (at < html_.size() && !is_html_blank(html_[at]) && html_[at] != '/' && html_[at] != '>' && html_[at] != '=') ++at;
    const std::string_view name = html_.substr(name_at, at - name_at);
    std::string_view value;
    skip_blanks();
    if (at < html_.size() && html_[at] == '=') {
      ++at;
      skip_blanks();
      value = take_value(at);
    }
    if (token.attributes.size() < max_attributes && name.size() <= max_tag_name_bytes)
      token.attributes.emplace_back(lower_ascii(name), value);
  }
}

std::string_view HtmlTokens::take_value(std::size_t& at) const {
  if (at >= html_.size() || html_[at] == '>') return {};
  const char quote = html_[at];
  if (quote == '"' || quote == '\'') {
    const std::size_t begin = ++at;
    const std::size_t end = std::min(html_.find(quote, at), html_.size());
    at = std::min(end + 1, html_.size());
    return html_.substr(begin, end - begin);
  }
  const std::size_t begin = at;
  while (at < html_.size() && !is_html_blank(html_[at]) && html_[at] != '>') ++at;
  return html_.substr(begin, at - begin);
}

std::string_view HtmlTokens::take_raw_text() {
  const std::string name = std::exchange(raw_name_, {});
  const std::size_t begin = at_;
  if (name != "plaintext") {
    for (std::size_t at = html_.find("</", at_); at != std::string_view::npos; at = html_.find("</", at + 2)) {
      const std::string_view behind = html_.substr(at + 2);
      if (behind.size() <= name.size() || lower_ascii(behind.substr(0, name.size())) != name) continue;
      const char c = behind[name.size()];
      if (!is_html_blank(c) && c != '/' && c != '>') continue;
      at_ = at;
      return html_.substr(begin, at - begin);
    }
  }
  at_ = html_.size();
  return html_.substr(begin);
}

std::string decode_references(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t mark = std::min(text.find('&'), text.size());
    out += text.substr(0, mark);
    text.remove_prefix(mark);
    if (text.empty()) break;
    std::size_t length = text.substr(1).starts_with('#') ? append_numbered(out, text.substr(2)) : append_named(out, text.substr(1));
    if (length > 0) length += text[1] == '#' ? 2 : 1;
    if (length == 0) {
      out += '&';
      length = 1;
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace deed
