#include "deed/llm/local/structured.hpp"

#include "deed/core/schema.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/local/form.hpp"
#include "deed/llm/local/planner.hpp"

namespace deed {
namespace {

constexpr int max_form_depth = 4;

Result<void> check_supported(const Json& schema, const std::string& where, int depth) {
  const auto refuse = [&](std::string what) {
    return fail(ErrorKind::unsupported,
                "the embedded model cannot answer in this form: " + std::move(what), where,
                "use an object of strings, numbers, booleans and enums, or a larger model");
  };
  if (depth > max_form_depth) return refuse("nested too deep");
  if (!schema.is_object()) return refuse("no schema of an object");
  for (const char* keyword :
       {"$ref", "anyOf", "oneOf", "allOf", "not", "if", "prefixItems", "patternProperties"})
    if (schema.contains(keyword)) return refuse(std::string("the keyword ") + keyword);
  const std::string type = schema_type(schema);
  if (type == "array") {
    const auto items = schema.find("items");
    const std::string inner = items == schema.end() ? "string" : schema_type(*items);
    if (inner != "string" && inner != "number" && inner != "integer")
      return refuse("a list of " + inner);
    return {};
  }
  if (type != "object")
    return depth == 0 ? Result<void>(refuse("a single " + type)) : Result<void>();
  if (!schema.contains("properties")) return refuse("an object without properties");
  for (const auto& [name, inner] : schema["properties"].items())
    DEED_OK(check_supported(inner, where + "/properties/" + name, depth + 1));
  return {};
}

}  // namespace

Result<Reply> generate_structured(Scorer& scorer, const ModelRequest& request) {
  const Json& schema = *request.response_schema;
  DEED_OK(check_supported(schema, "", 0));
  const TokenUsage before = scorer.usage();
  const Situation situation = read_transcript(request);
  ClauseStep step{.clause = situation.request, .attachments = situation.attachments};
  for (const PastCall& call : situation.done)
    step.clause += "\n" + std::string(utf8_prefix(call.result, 4096));
  const ToolDefinition answer{
      .name = string_at(schema, "title", "answer"),
      .description = string_at(schema, "description", "The answer to the request."),
      .parameters = schema,
      // A string that nothing gives is decoded, as it is for a call with an effect.
      .changes_world = true};
  Form form(scorer, step, answer);
  DEED_TRY(FormResult result, form.fill());
  if (const MissingArgument* missing = std::get_if<MissingArgument>(&result))
    return fail(ErrorKind::corrupt,
                "the embedded model found no value for \"" + missing->name + "\"",
                "/" + missing->name, "say it in the request, or use a larger model");
  FilledCall& filled = std::get<FilledCall>(result);
  DEED_TRY(const Schema compiled, Schema::compile(schema));
  if (const std::vector<SchemaIssue> issues = compiled.check(filled.arguments); !issues.empty())
    return fail(ErrorKind::corrupt,
                "the embedded model's answer does not fit the schema: " + issues[0].what,
                issues[0].path, "use a larger model");
  Reply reply{.text = to_text(filled.arguments), .choices = std::move(filled.choices)};
  const TokenUsage after = scorer.usage();
  reply.usage = {.input = after.input - before.input,
                 .cached = after.cached - before.cached,
                 .output = after.output - before.output};
  return reply;
}

}  // namespace deed
