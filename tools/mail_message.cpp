#include "deed/tools/mail_message.hpp"

#include <gmime/gmime.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

#include "deed/core/text.hpp"

namespace deed {
namespace {

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};
template <class T>
using Owned = std::unique_ptr<T, Unref>;

struct FreeText {
  void operator()(char* text) const { g_free(text); }
};
struct FreeOptions {
  void operator()(GMimeFormatOptions* options) const { g_mime_format_options_free(options); }
};

void init_gmime() {
  static std::once_flag once;
  std::call_once(once, [] { g_mime_init(); });
}

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

std::string crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 40);
  for (const char c : text) {
    if (c == '\n' && !out.ends_with('\r')) out += '\r';
    out += c;
  }
  return out;
}

// Short ASCII lines go as they are; everything else is quoted-printable, which survives every relay.
GMimeContentEncoding encoding_for(const std::string& text) {
  std::size_t line = 0;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (u >= 0x80 || u == 0 || ++line > 900) return GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
    if (c == '\n') line = 0;
  }
  return GMIME_CONTENT_ENCODING_7BIT;
}

Owned<GMimeObject> text_part(const char* subtype, std::string_view text) {
  const std::string body = lf_only(text);
  GMimeTextPart* part = g_mime_text_part_new_with_subtype(subtype);
  g_mime_text_part_set_charset(part, "utf-8");
  g_mime_text_part_set_text(part, body.c_str());
  g_mime_part_set_content_encoding(GMIME_PART(part), encoding_for(body));
  return Owned<GMimeObject>(GMIME_OBJECT(part));
}

std::pair<const char*, const char*> media_type(const std::string& name) {
  static const struct {
    const char *extension, *type, *subtype;
  } table[] = {{".txt", "text", "plain"},       {".csv", "text", "csv"},         {".html", "text", "html"},
               {".md", "text", "markdown"},     {".ics", "text", "calendar"},    {".json", "application", "json"},
               {".xml", "application", "xml"},  {".pdf", "application", "pdf"},  {".zip", "application", "zip"},
               {".gz", "application", "gzip"},  {".png", "image", "png"},        {".jpg", "image", "jpeg"},
               {".jpeg", "image", "jpeg"},      {".gif", "image", "gif"},        {".webp", "image", "webp"},
               {".svg", "image", "svg+xml"},    {".mp3", "audio", "mpeg"},       {".wav", "audio", "wav"},
               {".mp4", "video", "mp4"},
               {".docx", "application", "vnd.openxmlformats-officedocument.wordprocessingml.document"},
               {".xlsx", "application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"}};
  const std::string lower = lower_ascii(name);
  for (const auto& row : table) {
    if (lower.ends_with(row.extension)) return {row.type, row.subtype};
  }
  return {"application", "octet-stream"};
}

Owned<GMimeObject> attachment_part(const MailAttachment& attachment) {
  const auto [type, subtype] = media_type(attachment.name);
  GMimePart* part = g_mime_part_new_with_type(type, subtype);
  const Owned<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(attachment.bytes.data(), attachment.bytes.size()));
  const Owned<GMimeDataWrapper> content(
      g_mime_data_wrapper_new_with_stream(stream.get(), GMIME_CONTENT_ENCODING_DEFAULT));
  g_mime_part_set_content(part, content.get());
  g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_BASE64);
  g_mime_object_set_disposition(GMIME_OBJECT(part), "attachment");
  g_mime_part_set_filename(part, attachment.name.c_str());
  return Owned<GMimeObject>(GMIME_OBJECT(part));
}

// Boundaries from the key: "=_" cannot occur in quoted-printable or Base64 text.
Owned<GMimeObject> multipart(const char* subtype, const std::string& boundary, std::vector<Owned<GMimeObject>> parts) {
  GMimeMultipart* all = g_mime_multipart_new_with_subtype(subtype);
  g_mime_multipart_set_boundary(all, boundary.c_str());
  for (const auto& part : parts) g_mime_multipart_add(all, part.get());
  return Owned<GMimeObject>(GMIME_OBJECT(all));
}

Owned<GMimeObject> body_of(const MailContent& content, const std::string& key) {
  Owned<GMimeObject> body = text_part("plain", content.text);
  if (!content.html.empty()) {
    std::vector<Owned<GMimeObject>> both;
    both.push_back(std::move(body));
    both.push_back(text_part("html", content.html));
    body = multipart("alternative", "=_alternative_" + key.substr(0, 24), std::move(both));
  }
  if (content.attachments.empty()) return body;
  std::vector<Owned<GMimeObject>> parts;
  parts.push_back(std::move(body));
  for (const MailAttachment& attachment : content.attachments) parts.push_back(attachment_part(attachment));
  return multipart("mixed", "=_mixed_" + key.substr(0, 24), std::move(parts));
}

Result<void> check(const MailContent& content) {
  if (has_control_characters(content.subject)) {
    return fail(ErrorKind::invalid, "the subject holds a line break or a control character", "/subject: \"" + escaped(content.subject) + "\"",
                "write the subject on one line");
  }
  for (const std::string* text : {&content.subject, &content.text, &content.html}) {
    if (!is_utf8(*text)) return fail(ErrorKind::invalid, "the mail's text is not UTF-8");
    if (text->find('\0') != std::string::npos) return fail(ErrorKind::invalid, "the mail's text holds a NUL character");
  }
  for (const MailAttachment& attachment : content.attachments) {
    if (attachment.name.empty() || has_control_characters(attachment.name) || !is_utf8(attachment.name)) {
      return fail(ErrorKind::invalid, "the name of an attachment is empty or holds a control character",
                  "\"" + escaped(attachment.name) + "\"");
    }
  }
  return {};
}

}  // namespace

std::string mail_message_id(const EmailAddress& from, const std::string& effect_key) {
  return "<" + effect_key.substr(0, 32) + "@" + std::string(from.domain()) + ">";
}

Result<std::string> build_mail(const MailContent& content, const std::string& effect_key, TimePoint date) {
  DEED_OK(check(content));
  init_gmime();
  const Owned<GMimeMessage> message(g_mime_message_new(FALSE));
  GMimeObject* headers = GMIME_OBJECT(message.get());
  g_mime_object_set_header(headers, "Date", to_rfc5322(date).c_str(), nullptr);
  g_mime_message_add_mailbox(message.get(), GMIME_ADDRESS_TYPE_FROM, nullptr, content.from.text().c_str());
  for (const EmailAddress& to : content.to) {
    g_mime_message_add_mailbox(message.get(), GMIME_ADDRESS_TYPE_TO, nullptr, to.text().c_str());
  }
  for (const EmailAddress& cc : content.cc) {
    g_mime_message_add_mailbox(message.get(), GMIME_ADDRESS_TYPE_CC, nullptr, cc.text().c_str());
  }
  g_mime_message_set_subject(message.get(), content.subject.c_str(), "utf-8");
  const std::string id = mail_message_id(content.from, effect_key);
  g_mime_message_set_message_id(message.get(), id.substr(1, id.size() - 2).c_str());
  g_mime_object_set_header(headers, "MIME-Version", "1.0", nullptr);
  const Owned<GMimeObject> body = body_of(content, effect_key);
  g_mime_message_set_mime_part(message.get(), body.get());

  const std::unique_ptr<GMimeFormatOptions, FreeOptions> format(g_mime_format_options_new());
  g_mime_format_options_set_param_encoding_method(format.get(), GMIME_PARAM_ENCODING_METHOD_RFC2231);
  const std::unique_ptr<char, FreeText> text(g_mime_object_to_string(headers, format.get()));
  if (!text) return fail(ErrorKind::internal, "the mail could not be built");
  return crlf(text.get());
}

}  // namespace deed
