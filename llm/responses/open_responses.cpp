#include "deed/llm/responses/open_responses.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/chat/open_chat.hpp"
#include "deed/llm/remote/open_remote.hpp"
#include "deed/llm/responses/responses_format.hpp"

#include <algorithm>

namespace deed {
namespace {

// Models that speak and those that search by themselves. Source: https://platform.openai.com/docs/models
bool is_for_chat_only(std::string_view model) {
  static constexpr std::string_view beginnings[] = {"gpt-4o-audio", "gpt-4o-mini-audio", "gpt-audio", "gpt-4o-search", "gpt-4o-mini-search"};
  const std::string name = lower_ascii(model);
  return std::any_of(std::begin(beginnings), std::end(beginnings), [&](std::string_view beginning) { return name.starts_with(beginning); });
}

}  // namespace

Result<std::unique_ptr<Model>> open_openai_responses(std::string name, const ModelEnvironment& environment) {
  DEED_TRY(RemoteModelOptions options, openai_options(std::move(name), environment));
  DEED_TRY(options.url, openai_url(options.url, "/responses"));
  // The API has no input_audio; check_media says so before anything is sent.
  options.info.takes_audio = false;
  ResponsesWireOptions wire{.model = options.model, .replay_to = replay_id(options)};
  return make_remote_model(std::move(options), make_responses_format(std::move(wire)), *environment.http);
}

Result<std::unique_ptr<Model>> open_openai(std::string name, const ModelEnvironment& environment) {
  DEED_TRY(const RemoteModelOptions options, openai_options(name, environment));
  const bool is_openai = options.url.host() == "api.openai.com";
  if (is_openai && !is_for_chat_only(options.model)) return open_openai_responses(std::move(name), environment);
  return open_openai_chat(std::move(name), environment);
}

}  // namespace deed
