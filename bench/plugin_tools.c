/* The tool of plugin_bench.cpp as C writes it: adds two numbers, on the loop's thread and on the plugin's. */
#include <stdio.h>
#include <string.h>

#include "deed/plugins/deed_plugin.h"
#include "deed/plugins/deed_plugin_json.h"

static void add(const deed_host* host, deed_call* call) {
  int64_t a = 0, b = 0;
  deed_outcome outcome = {sizeof outcome, DEED_SUCCEEDED, {NULL, 0}, {NULL, 0}, {NULL, 0}};
  char result[64];
  deed_json_integer(call->arguments, "a", &a);
  deed_json_integer(call->arguments, "b", &b);
  outcome.result.data = result;
  outcome.result.size = (size_t)snprintf(result, sizeof result, "{\"result\":%lld}", (long long)(a + b));
  host->finish(host, call->id, &outcome);
}

#define ARGUMENTS "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"integer\"}},\"required\":[\"a\",\"b\"]}"

const deed_plugin* deed_plugin_entry(const deed_host* host) {
  static const deed_tool quick = {.size = sizeof(deed_tool), .name = "add", .description = "Adds two numbers.", .arguments = ARGUMENTS,
                                  .effect = DEED_EFFECT_PURE, .flags = DEED_TOOL_QUICK, .run = add};
  static const deed_tool on_thread = {.size = sizeof(deed_tool), .name = "add_on_thread", .description = "Adds two numbers.", .arguments = ARGUMENTS,
                                      .effect = DEED_EFFECT_PURE, .run = add};
  static const deed_tool* const tools[] = {&quick, &on_thread};
  static const deed_plugin plugin = {.size = sizeof(deed_plugin), .abi_version = DEED_PLUGIN_ABI_VERSION, .tool_count = 2, .name = "bench", .version = "1",
                                     .tools = tools};
  (void)host;
  return &plugin;
}
