// A request in plain words cut into the clauses that are one step each: "Read notes.txt and email
// it to ann@example.org". A cut is made before a verb that starts a step, never inside a quotation,
// nor in text that the user dictates
// ("saying that …") unless a "then" ends it.
#pragma once

#include "deed/llm/local/words.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// Which words start a step beyond the common ones.
struct StepWords {
  std::set<std::string> starting = {};  ///< stems of what the tools on offer do: "book", "reserve"
  std::set<std::string> naming =
      {};  ///< stems of arguments: "attach" fills `attachments`, it is no step of its own
};

/// The clauses of `request` in their order, without the words that join them; at most `max`, the
/// last takes the rest.
std::vector<Span> find_clauses(std::string_view request, const StepWords& words,
                               std::size_t max = 16);

/// Whether the clause asks for an answer ("Do you remember what …?", "What is …?") and not, in a
/// polite form, for something to be done ("Could you …?"). English.
bool is_question(std::string_view clause);

/// Whether the clause wants to know something, in whatever form: "I need to see what …", "tell me which …", "no idea
/// where …". English.
bool asks_about(std::string_view clause);

/// Whether the words outside quotations point back to an earlier result: "it", "its contents", "the
/// response".
bool refers_back(std::string_view clause);

/// Whether any word outside of quotations starts a step.
bool has_order(std::string_view clause, const StepWords& words);

/// "We have moved to Bern. Remember this": how many bytes at the beginning are a statement that names no place and that
/// the order behind it points to, without the mark at its end. 0: none.
std::size_t told_before(std::string_view clause, const StepWords& words);

/// `text` with the bytes within quotations made blank, so that positions stay.
std::string without_quotes(std::string_view text);

}  // namespace deed
