#include "deed/net/imap_reader.hpp"

#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"

#include <algorithm>
#include <charconv>

namespace deed {
namespace {

Unexpected garbled(const char* what) { return fail(ErrorKind::corrupt, std::string("the mail server's answer ") + what); }

template <class Number>
bool read_whole(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// The size of the literal that a line announces at its end: "{12}" or "{12+}" (RFC 7888).
std::optional<std::uint64_t> literal_size(std::string_view line) {
  if (!line.ends_with('}')) return std::nullopt;
  const std::size_t open = line.rfind('{');
  if (open == std::string_view::npos) return std::nullopt;
  std::string_view digits = line.substr(open + 1, line.size() - open - 2);
  if (digits.ends_with('+')) digits.remove_suffix(1);
  std::uint64_t size = 0;
  if (!read_whole(digits, size)) return std::nullopt;
  return size;
}

std::string_view take_word(std::string_view& rest) {
  const std::size_t blank = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, blank);
  rest.remove_prefix(std::min(blank + 1, rest.size()));
  return word;
}

std::string capitals(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

bool is_status(std::string_view word) {
  return word == "OK" || word == "NO" || word == "BAD" || word == "BYE" || word == "PREAUTH";
}

// Words of people, which hold anything, and no literal.
bool is_prose(std::string_view line) {
  const std::string_view tag = take_word(line);
  return tag == "+" || is_status(capitals(take_word(line)));
}

void read_status(std::string_view rest, ImapResponse& out) {
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end != std::string_view::npos) {
      out.code = std::string(rest.substr(1, end - 1));
      rest.remove_prefix(end + 1);
    }
  }
  out.text = escaped(trim(rest));
}

// The values of one response, without recursion: a list in a list is one more on the stack.
class ImapValues {
 public:
  ImapValues(std::string_view text, const ImapReadLimits& limits) : rest_(text), limits_(limits) {}

  Result<std::vector<ImapValue>> read() {
    while (!rest_.empty()) DEED_OK(step());
    if (open_.size() != 1) return garbled("ends inside of a list");
    return std::move(open_.front());
  }

 private:
  Result<void> step() {
    const char c = rest_.front();
    if (c == ' ') return rest_.remove_prefix(1), Result<void>();
    if (c == '(') return begin_list();
    if (c == ')') return end_list();
    if (++count_ > limits_.values) return fail(ErrorKind::limit, "the mail server's answer has too many parts");
    if (c == '"') return quoted();
    if (c == '{') return literal();
    return atom();
  }
  Result<void> begin_list() {
    if (open_.size() > limits_.depth) return fail(ErrorKind::limit, "the mail server's answer is nested too deeply");
    if (++count_ > limits_.values) return fail(ErrorKind::limit, "the mail server's answer has too many parts");
    open_.emplace_back();
    rest_.remove_prefix(1);
    return {};
  }
  Result<void> end_list() {
    if (open_.size() == 1) return garbled("closes a list that was not opened");
    ImapValue list{ImapValue::Kind::list, {}, std::move(open_.back())};
    open_.pop_back();
    open_.back().push_back(std::move(list));
    rest_.remove_prefix(1);
    return {};
  }
  Result<void> quoted() {
    std::string text;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') return rest_.remove_prefix(i + 1), add(ImapValue::Kind::text, std::move(text));
      if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
      text += rest_[i];
    }
    return garbled("ends inside of quotation marks");
  }
  Result<void> literal() {
    const std::size_t end = rest_.find('\n');
    const std::string_view head = trim(rest_.substr(0, std::min(end, rest_.size())));
    const auto size = literal_size(head);
    if (!size || head.find('{') != head.rfind('{') || end == std::string_view::npos || *size > rest_.size() - end - 1) {
      return garbled("announces bytes that do not come");
    }
    std::string text(rest_.substr(end + 1, *size));
    rest_.remove_prefix(end + 1 + *size);
    return add(ImapValue::Kind::text, std::move(text));
  }
  // "BODY[HEADER.FIELDS (FROM TO)]" is one.
  Result<void> atom() {
    std::size_t size = 0, brackets = 0;
    for (; size < rest_.size(); ++size) {
      const char c = rest_[size];
      if (c == '[') ++brackets;
      if (c == ']' && brackets > 0) --brackets;
      // "BODY[]<0>{42}": some servers leave out the blank before a literal.
      if (brackets == 0 && (c == ' ' || c == '(' || c == ')' || c == '"' || c == '{')) break;
    }
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return add(ImapValue::Kind::atom, std::move(text));
  }
  Result<void> add(ImapValue::Kind kind, std::string text) {
    open_.back().push_back({kind, std::move(text), {}});
    return {};
  }

  std::string_view rest_;
  const ImapReadLimits& limits_;
  std::size_t count_ = 0;
  std::vector<std::vector<ImapValue>> open_{1};  // the lists that are open, the outermost first
};

Result<ImapResponse> parse_response(std::string_view text, const ImapReadLimits& limits) {
  ImapResponse out{.tag = std::string(take_word(text))};
  if (out.tag.empty()) return garbled("has no tag");
  if (out.tag == "+") return out.text = escaped(trim(text)), out;
  out.word = capitals(take_word(text));
  if (read_whole(std::string_view(out.word), out.number)) out.word = capitals(take_word(text));
  if (is_status(out.word)) {
    read_status(text, out);
    return out;
  }
  DEED_TRY(out.values, ImapValues(text, limits).read());
  return out;
}

}  // namespace

// Behind the line end with which the response is complete.
Result<std::optional<std::size_t>> ImapReader::find_end() {
  for (;;) {
    const std::size_t end = scanned_ < buffer_.size() ? buffer_.find('\n', scanned_) : std::string::npos;
    // Of a line, or of a literal, that is not there yet nothing is looked at twice.
    if (end == std::string::npos) {
      scanned_ = std::max(scanned_, buffer_.size());
      break;
    }
    std::string_view line(buffer_.data() + line_begin_, end - line_begin_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto literal = line_begin_ == begin_ && is_prose(line) ? std::nullopt : literal_size(line);
    if (!literal && end + 1 - begin_ > limits_.response_bytes) return too_large();
    if (!literal) return std::optional(end + 1);
    if (*literal > limits_.response_bytes) return too_large();
    line_begin_ = scanned_ = end + 1 + static_cast<std::size_t>(*literal);
  }
  if (scanned_ - begin_ > limits_.response_bytes) return too_large();
  return std::optional<std::size_t>();
}

Unexpected ImapReader::too_large() const {
  return fail(ErrorKind::limit, "the mail server's answer is larger than " + human_bytes(limits_.response_bytes));
}

Result<std::optional<ImapResponse>> ImapReader::next() {
  DEED_TRY(const std::optional<std::size_t> end, find_end());
  if (!end) return std::optional<ImapResponse>();
  std::string_view text(buffer_.data() + begin_, *end - 1 - begin_);
  if (text.ends_with('\r')) text.remove_suffix(1);
  Result<ImapResponse> response = parse_response(text, limits_);
  begin_ = line_begin_ = scanned_ = *end;
  if (!response) return fail(std::move(response).error());
  return std::optional(*std::move(response));
}

void ImapReader::feed(std::string_view bytes) {
  // What was given out goes when it is the larger part, so that each byte is moved once at most.
  if (begin_ > buffer_.size() / 2) {
    buffer_.erase(0, begin_);
    line_begin_ -= begin_;
    scanned_ -= begin_;
    begin_ = 0;
  }
  buffer_ += bytes;
}

}  // namespace deed
