// A run of one call that the user wrote out: the loop, the policy and the journal are those of every other run, only nobody has to
// think of the call. Its "model" reads the call from the request.
#pragma once

#include <memory>
#include <string>

#include "deed/llm/model.hpp"

namespace deed {

/// What RunStarted::model says of such a run.
inline constexpr const char* given_call_model_name = "call";

/// The request of a run that makes this call.
std::string given_call_request(const std::string& tool, const Json& arguments);

/// Proposes the call of the request once, then answers with its result.
std::unique_ptr<Model> make_given_call_model();

}  // namespace deed
