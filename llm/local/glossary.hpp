// The embedded model reads English. What people say about mail, files and pages in a few other
// languages is put into English word by word before it is asked which tool is meant, and where the
// planner itself looks at words. What is copied into a call is always the user's own text.
#pragma once

#include <string>
#include <string_view>

namespace deed {

enum class Language { english, korean, german, french, spanish };

/// By its script and the words that the glossary knows; English where in doubt. Quotations do not
/// count.
Language language_of(std::string_view request);

/// The English word for a lower-case word of `language`; the word itself where none is known.
/// Korean words are known by how they begin, so that particles and endings do not matter.
std::string_view in_english(std::string_view word, Language language);
/// "it" of "guárdalo", "them" of "mándalas": the pronoun that a Spanish verb ends in; "" for other words.
std::string_view object_within(std::string_view word, Language language);

/// `text` with every known word outside quotations, addresses, URLs and paths in English.
std::string in_english_words(std::string_view text, Language language);

}  // namespace deed
