// The words of the wire between deed and a program of tools: the methods of the Model Context Protocol for tools, and deed's own
// beside them (docs/plugins.md, "The wire"). Pure: values to JSON and back, for both sides.
// Source: https://modelcontextprotocol.io/specification/2025-06-18/server/tools
#pragma once

#include <string>
#include <vector>

#include "deed/core/json.hpp"
#include "deed/plugins/call_inbox.hpp"

namespace deed::wire {

inline constexpr const char* protocol_version = "2025-06-18";
inline constexpr const char* call_method = "tools/call";
inline constexpr const char* preview_method = "deed/preview";
inline constexpr const char* probe_method = "deed/probe";
inline constexpr const char* dispatching_method = "deed/dispatching";
inline constexpr const char* secret_method = "deed/secret";
inline constexpr const char* http_method = "deed/http";

const char* method_of(PluginCallKind kind);

/// What deed says of itself in `initialize`.
Json initialize_params();

/// The params of a call, its preview or its probe.
/// token  names the call in notifications of progress
Json call_params(const PluginCall& call, std::int64_t token);
/// The other way, for a program that serves a library. `tool` is not set.
/// errors  invalid
Result<PluginCall> parse_call_params(PluginCallKind kind, const Json& params);

/// What a result of a call, a preview or a probe says.
/// tool    decides what an error means that names no outcome
/// errors  are answers, too: Error in the variant
PluginAnswer answer_of(PluginCallKind kind, const DeclaredTool& tool, const Json& result);
/// The other way. Precondition: no Error.
Json result_of(const PluginAnswer& answer);

/// Bytes as a member `name` where they are UTF-8, else as `name`_base64.
void put_bytes(Json& object, const std::string& name, const std::string& bytes);
/// errors  invalid
Result<std::string> take_bytes(const Json& object, const std::string& name);

/// An array of texts; null is an empty one. `name` is what an error calls it.
/// errors  invalid
Result<std::vector<std::string>> read_texts(const Json& array, const char* name);
/// Headers as a JSON object of texts, and back; null is none.
Json json_of(const HttpHeaders& headers);
/// errors  invalid
Result<HttpHeaders> headers_of(const Json& object);

/// A request for HTTP; `answer` is not set.
/// errors  invalid
Result<WantsHttp> parse_http(const Json& params);
Json http_result(const HttpResponse& response);

}  // namespace deed::wire
