#include "deed/agent/task/markdown.hpp"

#include <cmark.h>

#include <array>
#include <memory>
#include <vector>

#include "deed/core/text.hpp"

namespace deed {
namespace {

constexpr std::size_t max_markdown_bytes = 256u << 10;

struct FreeNode {
  void operator()(cmark_node* node) const { cmark_node_free(node); }
};
struct FreeIterator {
  void operator()(cmark_iter* iterator) const { cmark_iter_free(iterator); }
};
struct FreeText {
  void operator()(char* text) const { cmark_get_default_mem_allocator()->free(text); }
};

bool is_safe_link(const char* url) {
  const std::string lower = lower_ascii(url ? url : "");
  for (const std::string_view scheme : {"http://", "https://", "mailto:"}) {
    if (lower.starts_with(scheme)) return true;
  }
  return false;
}

// The node stays away, what is in it takes its place.
void unwrap(cmark_node* node) {
  while (cmark_node* child = cmark_node_first_child(node)) cmark_node_insert_before(node, child);
  cmark_node_unlink(node);
  cmark_node_free(node);
}

// HTML in the text is shown as it was written.
void show_as_text(cmark_node* node, bool is_block) {
  const char* literal = cmark_node_get_literal(node);
  cmark_node* text = cmark_node_new(CMARK_NODE_TEXT);
  cmark_node_set_literal(text, literal ? literal : "");
  cmark_node* shown = text;
  if (is_block) {
    shown = cmark_node_new(CMARK_NODE_PARAGRAPH);
    cmark_node_append_child(shown, text);
  }
  cmark_node_insert_before(node, shown);
  cmark_node_unlink(node);
  cmark_node_free(node);
}

// All nodes, before any of them is changed.
std::vector<cmark_node*> nodes_of(cmark_node* root) {
  std::vector<cmark_node*> out;
  const std::unique_ptr<cmark_iter, FreeIterator> iterator(cmark_iter_new(root));
  for (cmark_event_type event; (event = cmark_iter_next(iterator.get())) != CMARK_EVENT_DONE;) {
    if (event == CMARK_EVENT_ENTER) out.push_back(cmark_iter_get_node(iterator.get()));
  }
  return out;
}

void make_safe(cmark_node* root) {
  for (cmark_node* node : nodes_of(root)) {
    switch (cmark_node_get_type(node)) {
      case CMARK_NODE_LINK:
        if (!is_safe_link(cmark_node_get_url(node))) unwrap(node);
        break;
      case CMARK_NODE_IMAGE: unwrap(node); break;
      case CMARK_NODE_HTML_BLOCK: show_as_text(node, true); break;
      case CMARK_NODE_HTML_INLINE: show_as_text(node, false); break;
      default: break;
    }
  }
}

}  // namespace

Result<std::string> html_of_markdown(std::string_view text) {
  if (text.size() > max_markdown_bytes) return fail(ErrorKind::limit, "takes at most " + human_bytes(max_markdown_bytes));
  // No CMARK_OPT_UNSAFE: what make_safe might miss is left out by cmark itself.
  constexpr int options = CMARK_OPT_VALIDATE_UTF8;
  const std::unique_ptr<cmark_node, FreeNode> root(cmark_parse_document(text.data(), text.size(), options));
  make_safe(root.get());
  const std::unique_ptr<char, FreeText> html(cmark_render_html(root.get(), options));
  return std::string(html.get());
}

}  // namespace deed
