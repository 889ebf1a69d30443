/* qr.text: a text as a QR code of block characters, two rows of modules a line. Plain C11; qr_code.c makes the code. */
#include <deed/plugins/deed_plugin.h>
#include <deed/plugins/deed_plugin_json.h>

#include <stdio.h>

#include "qr_code.h"

enum {
  quiet_zone = 4,
  max_side = qr_max_size + 2 * quiet_zone,
  max_picture = (max_side / 2 + 1) * (3 * max_side + 1) + 1,
  max_result = 128 + qr_max_size * (qr_max_size + 3)
};

static deed_text text_of(const char* text) {
  deed_text out = {text, strlen(text)};
  return out;
}

static int is_dark(const qr_code* code, int x, int y) {
  x -= quiet_zone;
  y -= quiet_zone;
  return x >= 0 && y >= 0 && x < code->size && y < code->size && code->dark[y][x];
}

/* For dark letters on a light ground; `invert` for a terminal that is the other way round. */
static size_t draw(const qr_code* code, int invert, char* out) {
  static const char blocks[4][4] = {" ", "\xE2\x96\x80", "\xE2\x96\x84", "\xE2\x96\x88"}; /* none, upper, lower, both */
  const int side = code->size + 2 * quiet_zone;
  size_t at = 0;
  int x, y;
  for (y = 0; y < side; y += 2) {
    for (x = 0; x < side; ++x) {
      const int upper = is_dark(code, x, y) != invert, lower = is_dark(code, x, y + 1) != invert;
      const char* block = blocks[upper + 2 * lower];
      const size_t size = strlen(block);
      memcpy(out + at, block, size);
      at += size;
    }
    out[at++] = '\n';
  }
  return at;
}

/* {"version", "size", "mask", "rows": ["1011…"]} */
static size_t describe(const qr_code* code, char* out) {
  int x, y;
  size_t at = (size_t)sprintf(out, "{\"version\":%d,\"size\":%d,\"mask\":%d,\"rows\":[", code->version, code->size, code->mask);
  for (y = 0; y < code->size; ++y) {
    if (y > 0) out[at++] = ',';
    out[at++] = '"';
    for (x = 0; x < code->size; ++x) out[at++] = (char)('0' + code->dark[y][x]);
    out[at++] = '"';
  }
  out[at++] = ']';
  out[at++] = '}';
  return at;
}

static void fail(const deed_host* host, const deed_call* call, const char* what, const char* hint) {
  deed_outcome outcome = {0};
  outcome.size = sizeof outcome;
  outcome.status = DEED_FAILED_WITHOUT_EFFECT;
  outcome.text = text_of(what);
  outcome.hint = text_of(hint);
  host->finish(host, call->id, &outcome);
}

static void run(const deed_host* host, deed_call* call) {
  char text[qr_max_bytes + 1], picture[max_picture], result[max_result];
  const long size = deed_json_text(call->arguments, "text", text, sizeof text);
  int64_t mask = -1;
  deed_text member;
  int invert;
  qr_code code;
  deed_outcome outcome = {0};
  if (size == -2) {
    fail(host, call, "the text is longer than 213 bytes", "shorten it: a code of that size is hard to read anyway");
    return;
  }
  if (size < 0) {
    fail(host, call, "the text is missing", "");
    return;
  }
  deed_json_integer(call->arguments, "mask", &mask);
  invert = deed_json_member(call->arguments, "invert", &member) && member.size == 4;
  if (!qr_encode((const unsigned char*)text, (size_t)size, mask >= 0 && mask < 8 ? (int)mask : -1, &code)) {
    fail(host, call, "the text does not fit", "");
    return;
  }
  outcome.size = sizeof outcome;
  outcome.status = DEED_SUCCEEDED;
  outcome.text.data = picture;
  outcome.text.size = draw(&code, invert, picture);
  outcome.result.data = result;
  outcome.result.size = describe(&code, result);
  host->finish(host, call->id, &outcome);
}

static const deed_tool text_tool = {
    .size = sizeof(deed_tool),
    .name = "text",
    .description = "Makes a QR code of a text or an address, drawn with block characters. At most 213 bytes.",
    .arguments = "{\"type\":\"object\",\"required\":[\"text\"],\"additionalProperties\":false,\"properties\":{"
                 "\"text\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":213,\"description\":\"What the code says\"},"
                 "\"invert\":{\"type\":\"boolean\",\"description\":\"For light letters on a dark ground\"},"
                 "\"mask\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":7,\"description\":\"Chosen by itself when missing\"}}}",
    .effect = DEED_EFFECT_PURE,
    .flags = DEED_TOOL_CONCURRENT | DEED_TOOL_TRUSTED,
    .roles = "{\"text\":\"text\"}",
    .examples = "[\"Make a QR code of https://example.org\",\"Show the Wi-Fi password as a QR code\"]",
    .run = run,
};

static const deed_tool* const tools[] = {&text_tool};

static const deed_plugin plugin = {
    .size = sizeof(deed_plugin),
    .abi_version = DEED_PLUGIN_ABI_VERSION,
    .tool_count = 1,
    .name = "qr",
    .version = "1.0.0",
    .tools = tools,
};

const deed_plugin* deed_plugin_entry(const deed_host* host) {
  (void)host;
  return &plugin;
}
