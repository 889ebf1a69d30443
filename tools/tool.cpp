#include "deed/tools/tool.hpp"

namespace deed {
namespace {

Json told(std::string what, std::string hint) {
  Json out = {{"error", std::move(what)}};
  if (!hint.empty()) out["hint"] = std::move(hint);
  return out;
}

}  // namespace

const char* to_string(EffectClass effect) {
  switch (effect) {
    case EffectClass::pure:
      return "pure";
    case EffectClass::read:
      return "read";
    case EffectClass::idempotent:
      return "idempotent";
    case EffectClass::keyed:
      return "keyed";
    case EffectClass::local:
      return "local";
    case EffectClass::probeable:
      return "probeable";
    case EffectClass::once:
      return "once";
  }
  return "once";
}

bool changes_world(EffectClass effect) {
  return effect != EffectClass::pure && effect != EffectClass::read;
}

Result<EffectClass> parse_effect_class(std::string_view text) {
  for (const EffectClass effect :
       {EffectClass::pure, EffectClass::read, EffectClass::idempotent, EffectClass::keyed,
        EffectClass::local, EffectClass::probeable, EffectClass::once}) {
    if (text == to_string(effect)) return effect;
  }
  return fail(ErrorKind::corrupt,
              "\"" + std::string(text.substr(0, 64)) + "\" is no class of effects");
}

const char* to_string(ArgumentRole role) {
  switch (role) {
    case ArgumentRole::destination:
      return "destination";
    case ArgumentRole::id:
      return "id";
    case ArgumentRole::value:
      return "value";
    case ArgumentRole::text:
      return "text";
    case ArgumentRole::secret:
      return "secret";
  }
  return "value";
}

const char* to_string(OutcomeStatus status) {
  switch (status) {
    case OutcomeStatus::succeeded:
      return "succeeded";
    case OutcomeStatus::rejected:
      return "rejected";
    case OutcomeStatus::failed_without_effect:
      return "failed_without_effect";
    case OutcomeStatus::unknown:
      return "unknown";
  }
  return "unknown";
}

Result<OutcomeStatus> parse_outcome_status(std::string_view text) {
  for (const OutcomeStatus status :
       {OutcomeStatus::succeeded, OutcomeStatus::rejected, OutcomeStatus::failed_without_effect,
        OutcomeStatus::unknown}) {
    if (text == to_string(status)) return status;
  }
  return fail(ErrorKind::corrupt,
              "\"" + std::string(text.substr(0, 64)) + "\" is no outcome of a tool call");
}

Outcome Outcome::succeeded(Json result, std::string text) {
  return {OutcomeStatus::succeeded, std::move(result), std::move(text)};
}

Outcome Outcome::rejected(std::string why, std::string hint) {
  return {OutcomeStatus::rejected, told(std::move(why), std::move(hint))};
}

Outcome Outcome::failed_without_effect(const Error& error) {
  std::string what = error.where.empty() ? error.what : error.what + " (" + error.where + ")";
  return {OutcomeStatus::failed_without_effect, told(std::move(what), error.hint)};
}

Outcome Outcome::unknown(std::string why) {
  return {OutcomeStatus::unknown,
          told(std::move(why), "it may have happened: look before doing it again")};
}

Outcome outcome_of(Result<Outcome> result) {
  return result ? *std::move(result) : Outcome::failed_without_effect(result.error());
}

Json arguments_for_models(const ToolSpec& spec) {
  Json out = spec.arguments;
  for (const std::string& name : spec.scripted) out["properties"].erase(name);
  return out;
}

EffectClass effect_of(const Tool& tool, const Json& arguments) {
  return tool.classify && arguments.is_object() ? tool.classify(arguments) : tool.spec.effect;
}

bool needs_approval(const Tool& tool, const Json& arguments) {
  return tool.spec.approval == ApprovalNeed::always || (tool.destroys && tool.destroys(arguments));
}

}  // namespace deed
