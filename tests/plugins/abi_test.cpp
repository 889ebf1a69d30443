// The C interface, version 1, as compiled plugins know it: every size, offset and number. A line here never changes; a later
// minor version adds members behind the last one of a struct, and lines for them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deed/plugins/deed_plugin.h"
#include "deed/tests/plugins/compiler.hpp"

#include <cstddef>
#include <type_traits>

namespace {

// `at(type, member, offset)`: 64-bit Linux.
#define AT(type, member, offset) \
  static_assert(offsetof(type, member) == (offset), #type "::" #member " has moved: a compiled plugin breaks")
#define SIZE(type, bytes) static_assert(sizeof(type) >= (bytes) && alignof(type) == 8, #type " has shrunk: a compiled plugin breaks")
#define VALUE(name, number) static_assert((name) == (number), #name " has another number: a compiled plugin breaks")

VALUE(DEED_PLUGIN_ABI_VERSION, 1);
static_assert(sizeof(deed_text) == 16, "passed by value: may not grow");
AT(deed_text, data, 0);
AT(deed_text, size, 8);

VALUE(DEED_EFFECT_UNDECLARED, 0);
VALUE(DEED_EFFECT_PURE, 1);
VALUE(DEED_EFFECT_READ, 2);
VALUE(DEED_EFFECT_IDEMPOTENT, 3);
VALUE(DEED_EFFECT_KEYED, 4);
VALUE(DEED_EFFECT_PROBEABLE, 5);
VALUE(DEED_EFFECT_ONCE, 6);
VALUE(DEED_SUCCEEDED, 1);
VALUE(DEED_REJECTED, 2);
VALUE(DEED_FAILED_WITHOUT_EFFECT, 3);
VALUE(DEED_UNKNOWN, 4);
VALUE(DEED_CONFIRMED, 1);
VALUE(DEED_REFUTED, 2);
VALUE(DEED_UNDECIDED, 3);
VALUE(DEED_ERROR_NONE, 0);
VALUE(DEED_ERROR_INVALID, 1);
VALUE(DEED_ERROR_NO_CALL, 2);
VALUE(DEED_ERROR_CANCELLED, 3);
VALUE(DEED_ERROR_DENIED, 4);
VALUE(DEED_ERROR_UNAVAILABLE, 5);
VALUE(DEED_ERROR_LIMIT, 6);
static_assert(sizeof(deed_effect) == 4 && sizeof(deed_status) == 4 && sizeof(deed_verdict) == 4 && sizeof(deed_error) == 4);
VALUE(DEED_TOOL_DISPATCHES, 1);
VALUE(DEED_TOOL_HARMLESS, 2);
VALUE(DEED_TOOL_CONCURRENT, 4);
VALUE(DEED_TOOL_QUICK, 8);
VALUE(DEED_TOOL_TRUSTED, 16);

SIZE(deed_call, 88);
AT(deed_call, size, 0);
AT(deed_call, id, 8);
AT(deed_call, tool_state, 16);
AT(deed_call, arguments, 24);
AT(deed_call, effect_key, 40);
AT(deed_call, attempt, 56);
AT(deed_call, proposed_at_ms, 64);
AT(deed_call, dispatched_at_ms, 72);
AT(deed_call, call_state, 80);

SIZE(deed_outcome, 64);
AT(deed_outcome, size, 0);
AT(deed_outcome, status, 8);
AT(deed_outcome, result, 16);
AT(deed_outcome, text, 32);
AT(deed_outcome, hint, 48);

SIZE(deed_preview, 72);
AT(deed_preview, size, 0);
AT(deed_preview, media_type, 8);
AT(deed_preview, bytes, 24);
AT(deed_preview, summary, 40);
AT(deed_preview, destinations, 56);

SIZE(deed_http_request, 72);
AT(deed_http_request, size, 0);
AT(deed_http_request, method, 8);
AT(deed_http_request, url, 24);
AT(deed_http_request, headers, 40);
AT(deed_http_request, body, 56);

SIZE(deed_http_response, 48);
AT(deed_http_response, size, 0);
AT(deed_http_response, status, 8);
AT(deed_http_response, headers, 16);
AT(deed_http_response, body, 32);

SIZE(deed_host, 96);
AT(deed_host, size, 0);
AT(deed_host, abi_version, 8);
AT(deed_host, reserved, 12);
AT(deed_host, finish, 16);
AT(deed_host, show_preview, 24);
AT(deed_host, give_verdict, 32);
AT(deed_host, dispatching, 40);
AT(deed_host, is_cancelled, 48);
AT(deed_host, time_left_ms, 56);
AT(deed_host, progress, 64);
AT(deed_host, log, 72);
AT(deed_host, secret, 80);
AT(deed_host, http, 88);

SIZE(deed_tool, 120);
AT(deed_tool, size, 0);
AT(deed_tool, name, 8);
AT(deed_tool, description, 16);
AT(deed_tool, arguments, 24);
AT(deed_tool, effect, 32);
AT(deed_tool, flags, 36);
AT(deed_tool, roles, 40);
AT(deed_tool, examples, 48);
AT(deed_tool, timeout_ms, 56);
AT(deed_tool, max_output_bytes, 64);
AT(deed_tool, key_window_ms, 72);
AT(deed_tool, state, 80);
AT(deed_tool, run, 88);
AT(deed_tool, preview, 96);
AT(deed_tool, probe, 104);
AT(deed_tool, cancel, 112);

SIZE(deed_plugin, 48);
AT(deed_plugin, size, 0);
AT(deed_plugin, abi_version, 8);
AT(deed_plugin, tool_count, 12);
AT(deed_plugin, name, 16);
AT(deed_plugin, version, 24);
AT(deed_plugin, tools, 32);
AT(deed_plugin, close, 40);

// The signatures, spelled a second time.
template <class A, class B>
constexpr bool same = std::is_same_v<A, B>;
using Receiver = void (*)(void*, deed_text);
using HttpReceiver = void (*)(void*, const deed_http_response*);
static_assert(same<decltype(deed_host::finish), deed_error (*)(const deed_host*, uint64_t, const deed_outcome*)>);
static_assert(same<decltype(deed_host::show_preview), deed_error (*)(const deed_host*, uint64_t, const deed_preview*)>);
static_assert(same<decltype(deed_host::give_verdict), deed_error (*)(const deed_host*, uint64_t, deed_verdict, deed_text)>);
static_assert(same<decltype(deed_host::dispatching), deed_error (*)(const deed_host*, uint64_t)>);
static_assert(same<decltype(deed_host::is_cancelled), int (*)(const deed_host*, uint64_t)>);
static_assert(same<decltype(deed_host::time_left_ms), int64_t (*)(const deed_host*, uint64_t)>);
static_assert(same<decltype(deed_host::progress), void (*)(const deed_host*, uint64_t, deed_text)>);
static_assert(same<decltype(deed_host::log), void (*)(const deed_host*, deed_text)>);
static_assert(same<decltype(deed_host::secret), deed_error (*)(const deed_host*, uint64_t, deed_text, Receiver, void*)>);
static_assert(same<decltype(deed_host::http),
                   deed_error (*)(const deed_host*, uint64_t, const deed_http_request*, HttpReceiver, void*)>);
static_assert(same<decltype(deed_tool::run), void (*)(const deed_host*, deed_call*)>);
static_assert(same<decltype(deed_tool::preview), decltype(deed_tool::run)>);
static_assert(same<decltype(deed_tool::probe), decltype(deed_tool::run)>);
static_assert(same<decltype(deed_tool::cancel), decltype(deed_tool::run)>);
static_assert(same<decltype(deed_plugin::tools), const deed_tool* const*>);
static_assert(same<decltype(deed_plugin::close), void (*)()>);
static_assert(same<deed_plugin_entry_function, const deed_plugin* (*)(const deed_host*)>);

// What C reads there has the same layout: the table above is compiled as C, too.
const char* const c_source = R"(
#include "deed_plugin.h"
_Static_assert(sizeof(deed_call) >= 88 && sizeof(deed_outcome) >= 64 && sizeof(deed_tool) >= 120, "sizes");
_Static_assert(offsetof(deed_tool, cancel) == 112 && offsetof(deed_host, http) == 88 && offsetof(deed_plugin, close) == 40, "offsets");
_Static_assert(sizeof(deed_effect) == 4 && DEED_EFFECT_ONCE == 6 && DEED_UNKNOWN == 4, "numbers");
const deed_plugin* deed_plugin_entry(const deed_host* host) { (void)host; return 0; }
)";

using deed::tests::compile_alone;

TEST(PluginAbi, HeaderCompilesAloneAsC11AndHasTheSameLayoutThere) {
  EXPECT_EQ(compile_alone({DEED_C_COMPILER, "-std=c11"}, c_source, "c"), "");
}

TEST(PluginAbi, HeaderCompilesAloneAsC99) {
  EXPECT_EQ(compile_alone({DEED_C_COMPILER, "-std=c99"}, "#include \"deed_plugin.h\"\n", "c"), "");
}

TEST(PluginAbi, HeaderCompilesAloneAsCpp17AndCpp11) {
  EXPECT_EQ(compile_alone({DEED_CXX_COMPILER, "-std=c++17"}, "#include \"deed_plugin.h\"\n", "c++"), "");
  EXPECT_EQ(compile_alone({DEED_CXX_COMPILER, "-std=c++11"}, "#include \"deed_plugin.h\"\n", "c++"), "");
}

TEST(PluginAbi, CompileCheckSeesAWarning) {
  EXPECT_NE(compile_alone({DEED_C_COMPILER, "-std=c11"}, "int twice(int n) { int never_used; return 2 * n; }\n", "c"), "");
}

// With what a plugin's Makefile asks for, and as strictly.
TEST(CppPluginHeader, CompilesWithoutAWarningAsCpp17WithHiddenSymbols) {
  EXPECT_EQ(compile_alone({DEED_CXX_COMPILER, "-std=c++17", "-fvisibility=hidden"},
                          "#include <deed/plugins/deed_plugin.hpp>\n"
                          "static int twice(int n) { return 2 * n; }\n"
                          "DEED_PLUGIN(\"test\", \"1\", tool(\"twice\", \"Doubles.\", Effect::pure, twice, \"n\"))\n",
                          "c++"),
            "");
}

TEST(CppPluginHeader, RefusesAToolWithFewerNamesThanParametersWhenItIsCompiled) {
  EXPECT_THAT(compile_alone({DEED_CXX_COMPILER, "-std=c++17"},
                            "#include <deed/plugins/deed_plugin.hpp>\n"
                            "static int sum(int a, int b) { return a + b; }\n"
                            "DEED_PLUGIN(\"test\", \"1\", tool(\"sum\", \"Adds.\", Effect::pure, sum, \"a\"))\n",
                            "c++"),
              testing::HasSubstr("one name or arg"));
}

}  // namespace
