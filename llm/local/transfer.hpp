// Two places and nothing said: "have what is in a.txt in b.txt too", "grab http://… and stash it in page.txt", "append part2.txt
// to novel.txt". What is in one goes into the other; which is which, the words between say, whatever the verb is.
#pragma once

#include "deed/llm/local/clause_words.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace deed {

struct Transfer {
  Span from, to;
};

/// `places`: the paths and URLs of `text` that are arguments, in their order; two, or there is no transfer. nullopt too where
/// the words do not say the direction.
std::optional<Transfer> find_transfer(std::string_view text, const std::vector<Word>& words, const std::vector<Span>& places);

}  // namespace deed
