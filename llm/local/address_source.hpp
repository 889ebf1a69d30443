// Where the words say that an address is written down: "her address is in contacts.txt", "you know his email". Such a
// place is read for the address; nothing is written to it, and it is not what the text is about.
#pragma once

#include "deed/llm/local/clause_words.hpp"
#include "deed/llm/local/grounding.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace deed {

struct AddressSource {
  std::optional<Span> place;  ///< a path or a URL
  bool is_memory = false;     ///< what was told before
};

/// `words`: of `text`, in which nothing of what is only said stands. Linear.
AddressSource find_address_source(std::string_view text, const std::vector<Word>& words, Language language);

/// Whether the words speak of an address that is written down somewhere: "her email", "the contact"; not "email it".
bool speaks_of_address(const std::vector<Word>& words);

}  // namespace deed
