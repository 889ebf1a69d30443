// The words of a clause as those see them who look for orders and for what is said. Internal to llm/local.
#pragma once

#include "deed/llm/local/glossary.hpp"
#include "deed/llm/local/words.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// Verbs with which steps begin, whatever the tools are.
inline constexpr std::array common_verbs = {
    "send",   "email",    "mail",     "write",    "tell",   "notify",   "inform", "message",
    "fetch",  "get",      "download", "post",     "submit", "upload",   "push",   "read",
    "open",   "show",     "display",  "save",     "store",  "create",   "make",   "list",
    "search", "look",     "find",     "check",    "print",  "put",      "copy",   "forward",
    "reply",  "add",      "append",   "ask",      "call",   "give",     "return", "delete",
    "remove", "remember", "load",     "retrieve", "report", "summarize"};
/// Words that may stand between two steps.
inline constexpr std::array joiners = {"and",        "then",       "after",  "that",   "finally",
                                "afterwards", "next",       "also",   "please", "lastly", "pls",
                                "thereafter", "subsequently", "afterward", "kindly", "later", "plus"};

struct Word {
  Span span;
  std::string lower;  ///< in English as far as the glossary goes
};

/// All words of `text`, in their order. A pronoun that is part of a verb ("guárdalo") is a word of its own, of no bytes.
std::vector<Word> words_of(std::string_view text);
/// The same where the language is known.
std::vector<Word> words_in(std::string_view text, Language language);

/// Whether the word is part of one of the places.
bool is_in_place(const std::vector<Span>& places, const Span& word);

}  // namespace deed
