// A Korean verb's endings may change the last syllable of its stem: 보내다 becomes 보낼, 보낸, 보냈; 지우다 becomes 지워.
// Hangul syllables are composed by rule (The Unicode Standard, section 3.12), and so are these forms.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// The beginnings of all forms of the verb or adjective with this stem (보내 of 보내다), the stem itself among them. Only
/// the stem, where it does not end in a Hangul syllable.
std::vector<std::string> korean_forms(std::string_view stem);

}  // namespace deed
