// The word lists of llm/local/vocabulary/, as they stand in their files. Made by cmake/DeedVocabulary.cmake.
#pragma once

#include <string_view>

namespace deed::vocabulary_texts {

extern const std::string_view english, french, german, korean, spanish;

}  // namespace deed::vocabulary_texts
