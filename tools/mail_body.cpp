#include "deed/tools/mail_body.hpp"

#include "deed/core/text.hpp"
#include "deed/tools/gmime_ptr.hpp"
#include "deed/tools/mail_calendar.hpp"
#include "deed/tools/mail_inline.hpp"

#include <mutex>
#include <optional>
#include <utility>

namespace deed {

void init_gmime() {
  static std::once_flag once;
  std::call_once(once, [] { g_mime_init(); });
}

namespace {

using Part = GObjectPtr<GMimeObject>;

struct FormatOptionsFree {
  void operator()(GMimeFormatOptions* options) const { g_mime_format_options_free(options); }
};

std::string lf_only(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') {
      out += '\n';
      if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
    } else {
      out += text[i];
    }
  }
  if (!out.ends_with('\n')) out += '\n';
  return out;
}

// Short lines of printable ASCII go as they are; everything else is quoted-printable, which
// survives every relay, and in which no boundary can occur.
GMimeContentEncoding encoding_for(std::string_view text) {
  std::size_t line = 0;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    const bool is_plain = (u >= 0x20 && u < 0x7F) || c == '\n' || c == '\t';
    if (!is_plain || ++line > 900) return GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
    if (c == '\n') line = 0;
  }
  return text.find("--=_") == std::string_view::npos ? GMIME_CONTENT_ENCODING_7BIT
                                                     : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
}

// present  the encoding that the bytes have already: where it is `encoding`, they go as they are
void set_bytes(GMimePart* part, std::string_view bytes, GMimeContentEncoding encoding,
               GMimeContentEncoding present = GMIME_CONTENT_ENCODING_DEFAULT) {
  const GObjectPtr<GMimeStream> stream(
      g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size()));
  const GObjectPtr<GMimeDataWrapper> content(
      g_mime_data_wrapper_new_with_stream(stream.get(), present));
  g_mime_part_set_content(part, content.get());
  g_mime_part_set_content_encoding(part, encoding);
}

// Not g_mime_text_part_set_text: it converts to a charset that it chooses by the locale.
Part text_part(const char* subtype, std::string_view text) {
  const std::string body = lf_only(text);
  GMimePart* part = g_mime_part_new_with_type("text", subtype);
  set_bytes(part, body, encoding_for(body));
  g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
  return Part(GMIME_OBJECT(part));
}

std::pair<const char*, const char*> media_type(const std::string& name) {
  static const struct {
    const char *extension, *type, *subtype;
  } table[] = {
      {".txt", "text", "plain"},
      {".csv", "text", "csv"},
      {".html", "text", "html"},
      {".md", "text", "markdown"},
      {".ics", "text", "calendar"},
      {".json", "application", "json"},
      {".xml", "application", "xml"},
      {".pdf", "application", "pdf"},
      {".zip", "application", "zip"},
      {".gz", "application", "gzip"},
      {".png", "image", "png"},
      {".jpg", "image", "jpeg"},
      {".jpeg", "image", "jpeg"},
      {".gif", "image", "gif"},
      {".webp", "image", "webp"},
      {".svg", "image", "svg+xml"},
      {".mp3", "audio", "mpeg"},
      {".wav", "audio", "wav"},
      {".mp4", "video", "mp4"},
      {".docx", "application", "vnd.openxmlformats-officedocument.wordprocessingml.document"},
      {".xlsx", "application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"}};
  const std::string lower = lower_ascii(name);
  for (const auto& row : table) {
    if (lower.ends_with(row.extension)) return {row.type, row.subtype};
  }
  return {"application", "octet-stream"};
}

// Without a charset of its own a parameter is written in one that the locale decides.
void pin_charset(GMimeParamList* parameters, const char* name) {
  if (GMimeParam* parameter = g_mime_param_list_get_parameter(parameters, name)) {
    g_mime_param_set_charset(parameter, "utf-8");
  }
}

// The files of a mail, each with the line that stands for it. As with the boundaries, such a line is
// in no text.
class MarkedFiles {
 public:
  explicit MarkedFiles(const std::string& key) : key_(key.substr(0, 24)) {}

  const std::string& add(const AttachedBytes& bytes) {
    files_.push_back({"--=_file_" + std::to_string(files_.size()) + "_" + key_ + "\n", bytes});
    return files_.back().marker;
  }
  std::vector<MailBody::File> take() { return std::move(files_); }

 private:
  std::string key_;
  std::vector<MailBody::File> files_;
};

// disposition  "attachment" or "inline"
Part file_part(const MailAttachment& file, std::pair<const char*, const char*> media,
               const char* disposition, MarkedFiles& files) {
  const auto [type, subtype] = media;
  GMimePart* part = g_mime_part_new_with_type(type, subtype);
  GMimeObject* object = GMIME_OBJECT(part);
  set_bytes(part, files.add(file.bytes), GMIME_CONTENT_ENCODING_BASE64, GMIME_CONTENT_ENCODING_BASE64);
  if (std::string_view(type) == "text" && file.bytes.digest().is_text) {
    g_mime_object_set_content_type_parameter(object, "charset", "utf-8");
  }
  g_mime_object_set_disposition(object, disposition);
  g_mime_part_set_filename(part, file.name.c_str());
  pin_charset(g_mime_content_type_get_parameters(g_mime_object_get_content_type(object)), "name");
  pin_charset(
      g_mime_content_disposition_get_parameters(g_mime_object_get_content_disposition(object)),
      "filename");
  return Part(object);
}

// Boundaries from the key: in no part does "--=_" occur, as it is no Base64 and text that holds it
// becomes quoted-printable.
Part multipart(const char* subtype, const std::string& boundary, const std::vector<Part>& parts) {
  GMimeMultipart* all = g_mime_multipart_new_with_subtype(subtype);
  g_mime_multipart_set_boundary(all, boundary.c_str());
  for (const Part& part : parts) g_mime_multipart_add(all, part.get());
  return Part(GMIME_OBJECT(all));
}

struct Calendar {
  std::size_t attachment;
  std::string method;
  std::string bytes;
};

// An invitation becomes a part of the text; what is larger is a file and no invitation.
constexpr std::uint64_t max_invitation_bytes = 1u << 20;

// Of several, none: a reader shows one invitation, and nobody can say which.
Result<std::optional<Calendar>> find_calendar(const std::vector<MailAttachment>& attachments) {
  std::optional<Calendar> found;
  for (std::size_t i = 0; i < attachments.size(); ++i) {
    const bool may_be = lower_ascii(attachments[i].name).ends_with(".ics") && attachments[i].bytes.size() <= max_invitation_bytes;
    if (!may_be) continue;
    DEED_TRY(std::string bytes, read_all(attachments[i].bytes, max_invitation_bytes));
    std::string method = calendar_method(bytes);
    if (method.empty()) continue;
    if (found) return std::optional<Calendar>();
    found = Calendar{i, std::move(method), std::move(bytes)};
  }
  return found;
}

// The html with what it shows (RFC 2387).
Part html_part(const LinkedHtml& linked, const std::vector<MailAttachment>& attachments,
               const std::string& key, MarkedFiles& files) {
  std::vector<Part> parts;
  parts.push_back(text_part("html", linked.html));
  if (linked.ids.empty()) return std::move(parts.front());
  for (const auto& [index, id] : linked.ids) {
    const MailAttachment& file = attachments[index];
    parts.push_back(file_part(file, media_type(file.name), "inline", files));
    g_mime_object_set_content_id(parts.back().get(), id.c_str());
  }
  Part related = multipart("related", "=_related_" + key.substr(0, 24), parts);
  g_mime_object_set_content_type_parameter(related.get(), "type", "text/html");
  return related;
}

Part calendar_part(std::string_view bytes, const std::string& method) {
  Part part = text_part("calendar", bytes);
  g_mime_object_set_content_type_parameter(part.get(), "method", method.c_str());
  return part;
}

// The text in all its forms, the best one last.
Part text_in_all_forms(const MailContent& content, const LinkedHtml& linked,
                       const std::optional<Calendar>& calendar, const std::string& key,
                       MarkedFiles& files) {
  std::vector<Part> forms;
  forms.push_back(text_part("plain", content.text));
  if (!content.html.empty()) forms.push_back(html_part(linked, content.attachments, key, files));
  if (calendar) forms.push_back(calendar_part(calendar->bytes, calendar->method));
  if (forms.size() == 1) return std::move(forms.front());
  return multipart("alternative", "=_alternative_" + key.substr(0, 24), forms);
}

Result<Part> body_of(const MailContent& content, const LinkedHtml& linked, const std::string& key,
                     MarkedFiles& files) {
  DEED_TRY(std::optional<Calendar> calendar, find_calendar(content.attachments));
  if (calendar && linked.ids.contains(calendar->attachment)) calendar.reset();
  std::vector<Part> parts;
  parts.push_back(text_in_all_forms(content, linked, calendar, key, files));
  for (std::size_t i = 0; i < content.attachments.size(); ++i) {
    if (linked.ids.contains(i)) continue;
    const MailAttachment& file = content.attachments[i];
    const bool is_invitation = calendar && calendar->attachment == i;
    // As text/calendar a reader would offer the same invitation a second time.
    const auto media = is_invitation ? std::pair("application", "ics") : media_type(file.name);
    parts.push_back(file_part(file, media, "attachment", files));
  }
  if (parts.size() == 1) return std::move(parts.front());
  return multipart("mixed", "=_mixed_" + key.substr(0, 24), parts);
}

}  // namespace

Result<MailBody> mail_body(const MailContent& content, const std::string& effect_key) {
  init_gmime();
  const std::string id = mail_message_id(content.from, effect_key);
  const std::string id_tail = id.substr(1, id.size() - 2);
  DEED_TRY(const LinkedHtml linked,
           link_inline_parts(content.html, content.attachments, id_tail));
  MarkedFiles files(effect_key);
  DEED_TRY(const Part body, body_of(content, linked, effect_key, files));
  const std::unique_ptr<GMimeFormatOptions, FormatOptionsFree> format(g_mime_format_options_new());
  g_mime_format_options_set_param_encoding_method(format.get(),
                                                  GMIME_PARAM_ENCODING_METHOD_RFC2231);
  GText mime(g_mime_object_to_string(body.get(), format.get()));
  if (!mime) return fail(ErrorKind::internal, "the mail could not be built");
  return MailBody{std::move(mime), files.take()};
}

}  // namespace deed
