#include "deed/tools/mime_tree.hpp"

#include "deed/core/text.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

namespace deed {
namespace {

bool is_delimiter_end(std::string_view line_rest) { return line_rest.find_first_not_of(" \t\r") == std::string_view::npos; }

// The bytes between the lines of a boundary.
struct DelimitedParts {
  std::vector<std::string_view> parts;
  bool is_closed = false;
  bool is_cut = false;
};

std::string_view without_last_line_end(std::string_view bytes) {
  if (bytes.ends_with('\n')) bytes.remove_suffix(1);
  if (bytes.ends_with('\r')) bytes.remove_suffix(1);
  return bytes;
}

// Where the next line that begins with `mark` begins. By memmem, as a mail may be all line feeds: std::string_view::find stops at each.
std::size_t find_delimiter(std::string_view body, const std::string& mark, std::size_t from) {
  if (from == 0 && body.starts_with(mark)) return 0;
  const std::string_view rest = body.substr(from == 0 ? 0 : from - 1);
  const std::string line = "\n" + mark;
  if (rest.size() < line.size()) return std::string_view::npos;
  const void* found = memmem(rest.data(), rest.size(), line.data(), line.size());
  return found ? static_cast<std::size_t>(static_cast<const char*>(found) - body.data()) + 1 : std::string_view::npos;
}

DelimitedParts cut_at_boundary(std::string_view body, const std::string& boundary, std::size_t max_parts) {
  DelimitedParts out;
  const std::string mark = "--" + boundary;
  std::optional<std::size_t> begin;  // of the part that is open
  for (std::size_t at = find_delimiter(body, mark, 0); at != std::string_view::npos;) {
    const std::size_t end = std::min(body.find('\n', at), body.size());
    const std::string_view rest = body.substr(at + mark.size(), end - at - mark.size());
    const bool is_last = rest.starts_with("--") && is_delimiter_end(rest.substr(2));
    if (is_last || is_delimiter_end(rest)) {
      if (begin && out.parts.size() >= max_parts) break;
      if (begin) out.parts.push_back(without_last_line_end(body.substr(*begin, at - *begin)));
      begin = std::min(end + 1, body.size());
      out.is_closed = is_last;
      if (is_last) return out;
    }
    at = end < body.size() ? find_delimiter(body, mark, end + 1) : std::string_view::npos;
  }
  out.is_cut = begin && out.parts.size() >= max_parts;
  if (begin && !out.is_cut) out.parts.push_back(body.substr(*begin));
  return out;
}

class MimeTreeReader {
 public:
  explicit MimeTreeReader(const MailReadLimits& limits) : limits_(limits) {}

  MimeTree read(std::string_view bytes) {
    add_part(bytes, MimePart::no_parent, limits_.header_bytes, "text/plain");
    return std::move(tree_);
  }

 private:
  void note(std::string text) {
    if (std::find(tree_.notes.begin(), tree_.notes.end(), text) == tree_.notes.end()) tree_.notes.push_back(std::move(text));
  }

  // Calls itself at most `limits_.depth` times.
  void add_part(std::string_view bytes, std::size_t parent, std::size_t header_bytes, const char* usual_type) {
    const std::size_t index = tree_.parts.size();
    const std::size_t depth = parent == MimePart::no_parent ? 0 : tree_.parts[parent].depth + 1;
    if (parent != MimePart::no_parent) tree_.parts[parent].children.push_back(index);
    tree_.parts.push_back(part_of(bytes, header_bytes, usual_type));
    tree_.parts[index].parent = parent;
    tree_.parts[index].depth = depth;
    if (tree_.parts[index].type.value.starts_with("multipart/")) open(index);
  }

  MimePart part_of(std::string_view bytes, std::size_t header_bytes, const char* usual_type) {
    const HeaderAndBody cut = cut_header(bytes);
    if (!cut.is_marked) note("a header is not ended by a blank line: what is no field of it is read as text");
    if (cut.head.size() > header_bytes) note("a header is larger than " + human_bytes(header_bytes) + ": the rest of it was not read");
    const MailFields fields(cut.head, header_bytes);
    MimePart part;
    part.head = cut.head;
    part.body = cut.body;
    part.type = parse_parameters(fields.value("content-type"));
    if (part.type.value.find('/') == std::string::npos) part.type.value = usual_type;
    part.disposition = parse_parameters(fields.value("content-disposition"));
    part.encoding = parse_parameters(fields.value("content-transfer-encoding")).value;
    part.content_id = fields.value("content-id");
    return part;
  }

  void open(std::size_t index) {
    std::string boundary = tree_.parts[index].type.parameter("boundary");
    boundary.resize(boundary.find_last_not_of(' ') + 1);
    if (tree_.parts[index].depth >= limits_.depth) {
      note("parts are nested more than " + std::to_string(limits_.depth) + " deep: what is deeper was not opened");
      tree_.parts[index].is_too_deep = true;
      return;
    }
    if (boundary.empty() || boundary.size() > 1'000 || has_control_characters(boundary)) {
      note("a part of several parts does not say where they begin: it is read as text");
      return;
    }
    const std::size_t room = limits_.parts - std::min(limits_.parts, tree_.parts.size());
    const DelimitedParts cut = cut_at_boundary(tree_.parts[index].body, boundary, room);
    if (cut.parts.empty() && !cut.is_cut)
      note("a boundary that is announced does not occur: what should be parts is read as text");
    else if (!cut.is_closed && !cut.is_cut)
      note("the end of the last part is missing: the mail may have been cut off");
    const char* usual = tree_.parts[index].type.value == "multipart/digest" ? "message/rfc822" : "text/plain";
    bool is_cut = cut.is_cut;
    for (const std::string_view part : cut.parts) {
      if (tree_.parts.size() >= limits_.parts) {
        is_cut = true;
        break;
      }
      add_part(part, index, limits_.header_bytes / 8, usual);
    }
    if (is_cut) note("the mail has more than " + std::to_string(limits_.parts) + " parts: the others were left out");
  }

  const MailReadLimits& limits_;
  MimeTree tree_;
};

}  // namespace

MimeTree read_mime_tree(std::string_view bytes, const MailReadLimits& limits) { return MimeTreeReader(limits).read(bytes); }

bool is_body_text(const MimePart& part) {
  const std::string& type = part.type.value;
  // What cannot be cut into its parts is read as it stands.
  if (type.starts_with("multipart/")) return part.children.empty() && !part.is_too_deep && !part.body.empty();
  if (type != "text/plain" && type != "text/html" && type != "text") return false;
  return part.disposition.value != "attachment" && part.disposition.parameter("filename").empty() && part.type.parameter("name").empty();
}

}  // namespace deed
