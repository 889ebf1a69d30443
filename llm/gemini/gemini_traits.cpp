#include "deed/llm/gemini/gemini_traits.hpp"

#include "deed/core/text.hpp"

#include <cstdio>
#include <string>

namespace deed {
namespace {

bool has(std::string_view name, std::string_view part) { return name.find(part) != std::string_view::npos; }

// Models of these kinds are made for pictures or speech, and know no thinking or not this way.
bool is_special(std::string_view name) { return has(name, "image") || has(name, "tts") || has(name, "audio") || has(name, "live"); }

}  // namespace

GeminiTraits gemini_traits(std::string_view model) {
  const std::string name = lower_ascii(model.substr(model.rfind('/') + 1));
  GeminiTraits traits;
  if (!name.starts_with("gemini-")) return traits;
  int major = 0, minor = 0;
  const bool has_number = std::sscanf(name.c_str(), "gemini-%2d.%2d", &major, &minor) > 0;
  traits.is_third = has_number ? major >= 3 : name.ends_with("-latest");
  traits.can_stop_thinking = has(name, "flash");
  traits.thinks_by_itself = !(major == 2 && has(name, "flash-lite"));
  traits.has_medium_level = !(major == 3 && minor == 0 && has(name, "pro"));
  if (is_special(name)) return traits;
  // What "latest" is changes, and the newer models understand a budget too.
  if (traits.is_third) traits.thinking = has_number ? GeminiTraits::Thinking::level : GeminiTraits::Thinking::budget;
  if (major == 2 && minor >= 5) traits.thinking = GeminiTraits::Thinking::budget;
  return traits;
}

std::int64_t thinking_room(const GeminiTraits& traits, Effort effort) {
  if (traits.thinking == GeminiTraits::Thinking::none) return 0;
  if (effort == Effort::as_it_likes && !traits.thinks_by_itself) return 0;
  switch (effort) {
    case Effort::none:
      // The least budget of a "pro" model. "minimal" and "low" have no number; a short thought has room in it.
      return traits.can_stop_thinking && traits.thinking == GeminiTraits::Thinking::budget ? 0 : 1024;
    case Effort::low:
      return 2048;
    case Effort::high:
      return 24'576;
    case Effort::medium:
    case Effort::as_it_likes:  // where the models' own measure ends, mostly
      break;
  }
  return 8192;
}

Json thinking_config(const GeminiTraits& traits, Effort effort) {
  if (traits.thinking == GeminiTraits::Thinking::none) return nullptr;
  Json config = {{"includeThoughts", true}};
  if (effort == Effort::as_it_likes) return traits.thinks_by_itself ? config : Json();
  if (traits.thinking == GeminiTraits::Thinking::budget) {
    // Thoughts must not be asked for where there is no thinking. 128 is the least that "pro" takes.
    if (effort == Effort::none) return traits.can_stop_thinking ? Json{{"thinkingBudget", 0}} : Json{{"includeThoughts", true}, {"thinkingBudget", 128}};
    config["thinkingBudget"] = thinking_room(traits, effort);
    return config;
  }
  std::string level = to_string(effort);
  if (effort == Effort::none) level = traits.can_stop_thinking ? "minimal" : "low";
  if (effort == Effort::medium && !traits.has_medium_level) level = "high";
  config["thinkingLevel"] = level;
  return config;
}

}  // namespace deed
