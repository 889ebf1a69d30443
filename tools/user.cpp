#include "deed/tools/builtin.hpp"

namespace deed {

// The loop puts the question and waits for the answer, for days if need be; there is nothing to
// run.
Tool user_ask() {
  Json question = {{"type", "string"},
                   {"minLength", 1},
                   {"maxLength", 2000},
                   {"description", "The question to ask the user."}};
  Json properties = {{"question", std::move(question)}};
  return {.spec = {.name = "user.ask",
                   .description = "Ask the user a question and wait for the answer. Only for what "
                                  "no other tool can find out.",
                   .arguments = {{"type", "object"},
                                 {"properties", std::move(properties)},
                                 {"required", {"question"}},
                                 {"additionalProperties", false}},
                   .effect = EffectClass::read,
                   .roles = {{"question", ArgumentRole::text}},
                   .approval = ApprovalNeed::never,
                   .result_trust = Trust::user,
                   .asks_user = true},
          .run = {}};
}

}  // namespace deed
