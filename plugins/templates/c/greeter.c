/* A plugin for deed: one tool, greeter.hello. */
#include <deed/plugins/deed_plugin.h>
#include <deed/plugins/deed_plugin_json.h>

#include <stdio.h>

static deed_text text_of(const char* text) {
  deed_text out = {text, strlen(text)};
  return out;
}

static void hello(const deed_host* host, deed_call* call) {
  char name[256], greeting[300], result[700];
  deed_outcome outcome = {0};
  outcome.size = sizeof outcome;
  if (deed_json_text(call->arguments, "name", name, sizeof name) < 0) {
    outcome.status = DEED_FAILED_WITHOUT_EFFECT; /* nothing was done yet */
    outcome.text = text_of("the name is missing, or longer than 255 bytes");
  } else {
    long size;
    snprintf(greeting, sizeof greeting, "Hello, %s!", name);
    size = deed_json_quote(text_of(greeting), result, sizeof result);
    outcome.status = DEED_SUCCEEDED;
    outcome.text = text_of(greeting);
    if (size > 0) {
      outcome.result.data = result;
      outcome.result.size = (size_t)size;
    }
  }
  host->finish(host, call->id, &outcome);
}

static const deed_tool hello_tool = {
    .size = sizeof(deed_tool),
    .name = "hello",
    .description = "Greets somebody by name.",
    .arguments = "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\",\"minLength\":1,\"description\":\"Whom to greet\"}},"
                 "\"required\":[\"name\"],\"additionalProperties\":false}",
    /* What happens if a call runs twice, after a crash? There is no default. PURE: it changes nothing and depends on nothing.
     * READ: it looks at the world. IDEMPOTENT: twice is once. KEYED: the receiver removes duplicates by call->effect_key.
     * PROBEABLE: it can be asked afterwards (needs probe). ONCE: none of these; deed then asks a person. */
    .effect = DEED_EFFECT_PURE,
    .flags = DEED_TOOL_CONCURRENT,
    /* How people ask for it: small models choose by these words. */
    .examples = "[\"Say hello to Ann\",\"Greet my neighbour Bob\",\"Greet Ann by name\"]",
    .run = hello,
};

static const deed_tool* const tools[] = {&hello_tool};

static const deed_plugin plugin = {
    .size = sizeof(deed_plugin),
    .abi_version = DEED_PLUGIN_ABI_VERSION,
    .tool_count = sizeof tools / sizeof tools[0],
    .name = "greeter",
    .version = "0.1.0",
    .tools = tools,
};

const deed_plugin* deed_plugin_entry(const deed_host* host) {
  (void)host;
  return &plugin;
}
