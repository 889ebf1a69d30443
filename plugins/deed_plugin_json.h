/* The little JSON that a plugin in C needs: members of a call's arguments, and text as JSON. Works in buffers of the caller and
 * allocates nothing. deed hands over valid JSON that fits the tool's schema; what is no JSON is "not there", never read past its
 * end. For nested values take a JSON library. */
#ifndef DEED_PLUGIN_JSON_H
#define DEED_PLUGIN_JSON_H

#include "deed/plugins/deed_plugin.h"

#include <string.h>

/* The end of the value, string or number that begins at `at`; NULL: it is cut off. */
static inline const char* deed_json_end_(const char* at, const char* end) {
  int depth = 0;
  int is_text = 0;
  for (; at < end; ++at) {
    if (is_text) {
      if (*at == '\\') {
        if (++at == end) return NULL;
      } else if (*at == '"') {
        is_text = 0;
        if (depth == 0) return at + 1;
      }
      continue;
    }
    if (*at == '"') is_text = 1;
    else if (*at == '{' || *at == '[') ++depth;
    else if (*at == '}' || *at == ']') {
      if (depth == 0) return at; /* the end of what holds a number */
      if (--depth == 0) return at + 1;
    } else if (depth == 0 && (*at == ',' || *at == ':' || *at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) return at;
  }
  return depth == 0 && !is_text ? at : NULL;
}

static inline const char* deed_json_skip_(const char* at, const char* end) {
  while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) ++at;
  return at;
}

/* The member `name` of an object, as it is written there: 1, or 0 where there is none. Names with escapes are not found. */
static inline int deed_json_member(deed_text object, const char* name, deed_text* value) {
  const char* end = object.data + object.size;
  const char* at = object.data ? deed_json_skip_(object.data, end) : end;
  const size_t length = strlen(name);
  if (at == end || *at != '{') return 0;
  ++at;
  for (;;) {
    const char* key = deed_json_skip_(at, end);
    const char* key_end = key < end && *key == '"' ? deed_json_end_(key, end) : NULL;
    const char* begin;
    const char* stop;
    if (!key_end) return 0;
    at = deed_json_skip_(key_end, end);
    if (at == end || *at != ':') return 0;
    begin = deed_json_skip_(at + 1, end);
    stop = deed_json_end_(begin, end);
    if (!stop || stop == begin) return 0;
    if ((size_t)(key_end - key) == length + 2 && memcmp(key + 1, name, length) == 0) {
      value->data = begin;
      value->size = (size_t)(stop - begin);
      return 1;
    }
    at = deed_json_skip_(stop, end);
    if (at == end || *at != ',') return 0;
    ++at;
  }
}

static inline int deed_json_hex_(const char* at, unsigned* out) {
  int i;
  *out = 0;
  for (i = 0; i < 4; ++i) {
    const char c = at[i];
    const unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
                           : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10u
                           : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10u
                                                  : 16u;
    if (digit > 15) return 0;
    *out = *out * 16 + digit;
  }
  return 1;
}

/* UTF-8 of a code point; the number of bytes. */
static inline size_t deed_json_utf8_(unsigned code, char* out) {
  if (code < 0x80) return out[0] = (char)code, 1;
  if (code < 0x800) return out[0] = (char)(0xC0 | (code >> 6)), out[1] = (char)(0x80 | (code & 63)), 2;
  if (code < 0x10000) {
    out[0] = (char)(0xE0 | (code >> 12));
    out[1] = (char)(0x80 | ((code >> 6) & 63));
    return out[2] = (char)(0x80 | (code & 63)), 3;
  }
  out[0] = (char)(0xF0 | (code >> 18));
  out[1] = (char)(0x80 | ((code >> 12) & 63));
  out[2] = (char)(0x80 | ((code >> 6) & 63));
  return out[3] = (char)(0x80 | (code & 63)), 4;
}

/* What stands behind a backslash at `*at`, as UTF-8; moves `*at` behind it. 0: no such escape. */
static inline size_t deed_json_escape_(const char** at, const char* end, char* out) {
  static const char letters[] = "\"\\/bfnrt";
  static const char meanings[] = "\"\\/\b\f\n\r\t";
  const char* found;
  unsigned code, low;
  if (*at == end) return 0;
  if (**at != 'u') {
    found = **at ? strchr(letters, **at) : NULL;
    if (!found) return 0;
    ++*at;
    return out[0] = meanings[found - letters], 1;
  }
  ++*at;
  if (end - *at < 4 || !deed_json_hex_(*at, &code)) return 0;
  *at += 4;
  if (code >= 0xD800 && code < 0xE000) {
    if (code >= 0xDC00 || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u' || !deed_json_hex_(*at + 2, &low)) return 0;
    if (low < 0xDC00 || low >= 0xE000) return 0;
    *at += 6;
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  return deed_json_utf8_(code, out);
}

/* The text that is the member `name`, with a NUL behind it. Its length in bytes; -1: there is no text of the name; -2: it does
 * not fit into `size` bytes. */
static inline long deed_json_text(deed_text object, const char* name, char* buffer, size_t size) {
  deed_text value;
  const char *at, *end;
  size_t length = 0;
  if (!deed_json_member(object, name, &value) || value.size < 2 || value.data[0] != '"') return -1;
  at = value.data + 1;
  end = value.data + value.size - 1;
  while (at < end) {
    char piece[4];
    size_t n = 1;
    if (*at == '\\') {
      ++at;
      n = deed_json_escape_(&at, end, piece);
      if (n == 0) return -1;
    } else {
      piece[0] = *at++;
    }
    if (length + n + 1 > size) return -2;
    memcpy(buffer + length, piece, n);
    length += n;
  }
  if (size == 0) return -2;
  buffer[length] = '\0';
  return (long)length;
}

/* The integer that is the member `name`: 1, or 0 where there is none. */
static inline int deed_json_integer(deed_text object, const char* name, int64_t* out) {
  deed_text value;
  size_t i = 0;
  int is_negative;
  int64_t number = 0;
  if (!deed_json_member(object, name, &value)) return 0;
  is_negative = value.data[0] == '-';
  if (is_negative) i = 1;
  if (i == value.size || value.size - i > 18) return 0;
  for (; i < value.size; ++i) {
    if (value.data[i] < '0' || value.data[i] > '9') return 0;
    number = number * 10 + (value.data[i] - '0');
  }
  *out = is_negative ? -number : number;
  return 1;
}

/* `text` as JSON, in quotes: its length in bytes; -2: it does not fit into `size` bytes. */
static inline long deed_json_quote(deed_text text, char* buffer, size_t size) {
  static const char digits[] = "0123456789abcdef";
  size_t length = 0, i;
  if (size < 2) return -2;
  buffer[length++] = '"';
  for (i = 0; i < text.size; ++i) {
    const unsigned char c = (unsigned char)text.data[i];
    const size_t n = c < 0x20 ? 6 : c == '"' || c == '\\' ? 2 : 1;
    if (length + n + 1 > size) return -2;
    if (n == 6) {
      memcpy(buffer + length, "\\u00", 4);
      buffer[length + 4] = digits[c >> 4];
      buffer[length + 5] = digits[c & 15];
    } else if (n == 2) {
      buffer[length] = '\\';
      buffer[length + 1] = (char)c;
    } else {
      buffer[length] = (char)c;
    }
    length += n;
  }
  buffer[length++] = '"';
  return (long)length;
}

#endif
