// What an HTML element's own attributes say of whether a reader sees it. Style sheets are not read. Internal: no public header includes it.
// Source: https://html.spec.whatwg.org/multipage/rendering.html#hidden-elements, CSS Color
#pragma once

#include "deed/tools/html_tokens.hpp"

#include <cstdint>
#include <optional>

namespace deed {

/// 0xRRGGBB, or one of these.
using Color = std::uint32_t;
constexpr Color unknown_color = 0x1000000;
constexpr Color no_color = 0x1000001;     ///< transparent
constexpr Color usual_color = 0x1000002;  ///< the page's: black text, a white background, unless a style sheet says otherwise

/// Whether a reader could not tell one from the other. Both must be colors, and none of the three above.
bool is_alike(Color a, Color b);

/// What an element's attributes say of whether it is seen. What an element within can take back stands apart.
struct Visibility {
  bool is_gone = false;
  std::optional<bool> is_tiny, is_invisible;
  std::optional<Color> color, background;
};

/// given  the color that browsers give such an element, where they give it one
Visibility visibility_of(const HtmlToken& tag, std::optional<Color> given = {});

}  // namespace deed
