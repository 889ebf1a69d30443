#include "deed/tools/mail_inline.hpp"

#include "deed/core/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace deed {
namespace {

constexpr std::string_view html_blanks = " \t\r\n\f";

bool is_tag_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool starts_with_any_case(std::string_view text, std::string_view lower) {
  return lower_ascii(text.substr(0, lower.size())) == lower;
}

std::size_t find_any_case(std::string_view text, std::string_view lower, std::size_t from) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  const auto begin = text.begin() + static_cast<std::ptrdiff_t>(std::min(from, text.size()));
  const auto at = std::search(begin, text.end(), lower.begin(), lower.end(), same);
  return at == text.end() ? std::string_view::npos : static_cast<std::size_t>(at - text.begin());
}

std::string utf8_of(std::uint32_t code) {
  if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) code = 0xFFFD;
  if (code < 0x80) return {static_cast<char>(code)};
  const auto tail = [code](int shift) { return static_cast<char>(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x800) return {static_cast<char>(0xC0 | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0 | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | code >> 18), tail(12), tail(6), tail(0)};
}

// "amp" to "&", "#x41" to "A"; nothing for what an escaped file name does not have.
std::optional<std::string> entity(std::string_view name) {
  static const std::map<std::string_view, std::string> known = {
      {"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}};
  if (const auto found = known.find(name); found != known.end()) return found->second;
  if (!name.starts_with('#')) return std::nullopt;
  name.remove_prefix(1);
  const bool is_hex = name.starts_with('x') || name.starts_with('X');
  if (is_hex) name.remove_prefix(1);
  std::uint32_t code = 0;
  const auto [end, ec] =
      std::from_chars(name.data(), name.data() + name.size(), code, is_hex ? 16 : 10);
  if (ec != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return utf8_of(code);
}

std::string without_entities(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t end = text[i] == '&' ? text.substr(i, 12).find(';') : std::string_view::npos;
    const auto decoded =
        end == std::string_view::npos ? std::nullopt : entity(text.substr(i + 1, end - 1));
    out += decoded ? *decoded : std::string(1, text[i]);
    if (decoded) i += end;
  }
  return out;
}

// What is no two digits behind a percent sign stays: file names have percent signs of their own.
std::string without_percent_codes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const std::string_view digits = text[i] == '%' ? text.substr(i + 1, 2) : "";
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    const bool is_code = digits.size() == 2 && ec == std::errc() && end == digits.data() + 2;
    out += is_code ? static_cast<char>(byte) : text[i];
    if (is_code) i += 2;
  }
  return out;
}

class CidScanner {
 public:
  explicit CidScanner(std::string_view html) : html_(html) {}

  std::vector<CidReference> scan() {
    while ((at_ = html_.find('<', at_)) != npos) {
      if (html_.substr(at_, 4) == "<!--")
        skip_comment();
      else if (at_ + 1 < html_.size() && is_tag_letter(html_[at_ + 1]))
        element();
      else
        ++at_;
    }
    return std::move(found_);
  }

 private:
  static constexpr std::size_t npos = std::string_view::npos;

  char here() const { return at_ < html_.size() ? html_[at_] : '\0'; }
  void skip_blanks() { at_ = std::min(html_.find_first_not_of(html_blanks, at_), html_.size()); }
  std::string_view until_any(std::string_view stops) {
    const std::size_t begin = at_;
    at_ = std::min(html_.find_first_of(stops, at_), html_.size());
    return html_.substr(begin, at_ - begin);
  }

  // The inside of <!--[if mso]> … <![endif]--> is html for some readers.
  void skip_comment() {
    const bool is_condition = starts_with_any_case(html_.substr(at_), "<!--[if");
    const std::size_t end = html_.find(is_condition ? ">" : "-->", at_ + 4);
    at_ = end == npos ? html_.size() : end + 1;
  }

  void element() {
    ++at_;
    const std::string name = lower_ascii(until_any(" \t\r\n\f/>"));
    while (attribute()) {
    }
    if (name != "style" && name != "script") return;
    const std::size_t begin = at_;
    at_ = std::min(find_any_case(html_, "</" + name, at_), html_.size());
    if (name == "style") style(begin, at_);
  }

  // Whether there may be another one.
  bool attribute() {
    while (here() == '/' || (here() != '\0' && html_blanks.find(here()) != npos)) ++at_;
    if (at_ >= html_.size()) return false;
    if (here() == '>') {
      ++at_;
      return false;
    }
    const std::size_t begin = at_++;
    until_any(" \t\r\n\f/>=");
    const std::string name = lower_ascii(html_.substr(begin, at_ - begin));
    skip_blanks();
    if (here() != '=') return true;
    ++at_;
    skip_blanks();
    value(name);
    return true;
  }

  void value(const std::string& name) {
    const char quote = here();
    const bool is_quoted = quote == '"' || quote == '\'';
    if (is_quoted) ++at_;
    const std::size_t begin = at_;
    until_any(is_quoted ? std::string_view(quote == '"' ? "\"" : "'") : " \t\r\n\f>");
    const std::size_t end = at_;
    if (is_quoted && at_ < html_.size()) ++at_;
    if (name == "style")
      style(begin, end);
    else if (name == "srcset")
      candidates(begin, end);
    else if (name == "src" || name == "href" || name == "background" || name == "poster" ||
             name == "data" || name == "xlink:href") {
      url(begin, end);
    }
  }

  // "cid:a.png 1x, cid:b.png 2x"
  void candidates(std::size_t begin, std::size_t end) {
    while (begin < end) {
      begin = std::min(html_.find_first_not_of(" \t\r\n\f,", begin), end);
      const std::size_t stop = std::min(html_.find_first_of(" \t\r\n\f,", begin), end);
      url(begin, stop);
      begin = std::min(html_.find(',', stop), end);
    }
  }

  void style(std::size_t begin, std::size_t end) {
    const std::string_view css = html_.substr(0, end);
    while ((begin = find_any_case(css, "url(", begin)) != npos) {
      begin = std::min(css.find_first_not_of(html_blanks, begin + 4), end);
      for (const std::string_view quote : {"\"", "'", "&quot;", "&#39;", "&apos;"}) {
        if (css.substr(begin).starts_with(quote)) begin += quote.size();
      }
      std::size_t stop = std::min(css.find_first_of(")\"'", begin), end);
      for (const std::string_view quote : {"&quot;", "&#39;", "&apos;"}) {
        stop = std::min(stop, css.find(quote, begin));
      }
      url(begin, stop);
      begin = stop;
    }
  }

  void url(std::size_t begin, std::size_t end) {
    begin = std::min(html_.find_first_not_of(html_blanks, begin), end);
    while (end > begin && html_blanks.find(html_[end - 1]) != npos) --end;
    const std::string_view text = html_.substr(begin, end - begin);
    if (!starts_with_any_case(text, "cid:")) return;
    found_.push_back({begin, end, without_entities(text.substr(4))});
  }

  std::string_view html_;
  std::size_t at_ = 0;
  std::vector<CidReference> found_;
};

Result<std::size_t> attachment_named(const CidReference& reference,
                                     const std::vector<MailAttachment>& attachments) {
  // As the RFC has it, or as somebody wrote it who did not know that.
  for (const std::string& name : {without_percent_codes(reference.name), reference.name}) {
    const auto is_it = [&](const MailAttachment& attachment) { return attachment.name == name; };
    const auto first = std::find_if(attachments.begin(), attachments.end(), is_it);
    if (first == attachments.end()) continue;
    if (std::find_if(first + 1, attachments.end(), is_it) != attachments.end()) {
      return fail(ErrorKind::invalid,
                  "the html shows cid:" + escaped(name) + ", and two attachments are called so",
                  "/html", "give the files different names");
    }
    return static_cast<std::size_t>(first - attachments.begin());
  }
  return fail(ErrorKind::invalid,
              "the html shows cid:" + escaped(reference.name) + ", and no attachment is called so",
              "/html", "attach the file, and write its name without folders behind cid:");
}

}  // namespace

std::vector<CidReference> find_cid_references(std::string_view html) {
  return CidScanner(html).scan();
}

Result<LinkedHtml> link_inline_parts(std::string_view html,
                                     const std::vector<MailAttachment>& attachments,
                                     const std::string& id_tail) {
  LinkedHtml out;
  std::size_t copied = 0;
  for (const CidReference& reference : find_cid_references(html)) {
    DEED_TRY(const std::size_t index, attachment_named(reference, attachments));
    const std::string id = "inline-" + std::to_string(index + 1) + "." + id_tail;
    out.ids[index] = id;
    out.html += html.substr(copied, reference.begin - copied);
    out.html += "cid:" + id;
    copied = reference.end;
  }
  out.html += html.substr(copied);
  return out;
}

}  // namespace deed
