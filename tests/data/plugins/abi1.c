/* The plugin that abi1-x86_64.so was compiled from on 2026-11-28, with version 1 of deed_plugin.h and nothing else:
 *   gcc -std=c11 -O2 -shared -fPIC -nostdlib -ffreestanding -fvisibility=hidden -s -I build/include abi1.c -o abi1-x86_64.so
 * The library is kept as it is: it must load in every later version. */
#include "deed/plugins/deed_plugin.h"

static deed_text text(const char* words) {
  deed_text out = {words, 0};
  while (words[out.size]) ++out.size;
  return out;
}

static void greet(const deed_host* host, deed_call* call) {
  deed_outcome outcome = {0};
  outcome.size = sizeof outcome;
  outcome.status = DEED_SUCCEEDED;
  outcome.result = call->arguments;
  outcome.text = text("hello from version 1");
  host->progress(host, call->id, text("greeting"));
  host->finish(host, call->id, &outcome);
}

static void send(const deed_host* host, deed_call* call) {
  deed_outcome outcome = {0};
  outcome.size = sizeof outcome;
  const deed_error error = host->dispatching(host, call->id);
  outcome.status = error == DEED_ERROR_NONE ? DEED_SUCCEEDED : DEED_FAILED_WITHOUT_EFFECT;
  outcome.text = text(error == DEED_ERROR_NONE ? "sent" : "not sent");
  host->finish(host, call->id, &outcome);
}

static void preview(const deed_host* host, deed_call* call) {
  deed_preview shown = {0};
  shown.size = sizeof shown;
  shown.media_type = text("text/plain");
  shown.bytes = call->arguments;
  shown.summary = text("a thing is sent");
  host->show_preview(host, call->id, &shown);
}

static void probe(const deed_host* host, deed_call* call) { host->give_verdict(host, call->id, DEED_REFUTED, text("it is not there")); }

#define SCHEMA "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}}}"

static const deed_tool greet_tool = {.size = sizeof(deed_tool), .name = "greet", .description = "Greets somebody.", .arguments = SCHEMA,
                                     .effect = DEED_EFFECT_PURE, .run = greet};
static const deed_tool send_tool = {.size = sizeof(deed_tool), .name = "send", .description = "Sends a thing.", .arguments = SCHEMA,
                                    .effect = DEED_EFFECT_PROBEABLE, .flags = DEED_TOOL_DISPATCHES, .roles = "{\"name\":\"destination\"}",
                                    .timeout_ms = 5000, .run = send, .preview = preview, .probe = probe};
static const deed_tool* const tools[] = {&greet_tool, &send_tool};
static const deed_plugin plugin = {sizeof(deed_plugin), DEED_PLUGIN_ABI_VERSION, 2, "abi1", "1.0.0", tools, 0};

DEED_PLUGIN_EXPORT const deed_plugin* deed_plugin_entry(const deed_host* host) {
  (void)host;
  return &plugin;
}
