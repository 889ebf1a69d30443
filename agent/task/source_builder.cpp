#include "deed/agent/task/source_builder.hpp"

#include <algorithm>

#include "deed/core/checked.hpp"
#include "deed/core/schema_pointer.hpp"

namespace deed {
namespace {

// Pointers repeat the keys above a value, and aliases repeat whole values: both may take more room than the file, but not without end.
constexpr std::size_t max_growth = 16;

std::size_t bytes_of(const Json& scalar) { return scalar.is_string() ? scalar.get_ref<const std::string&>().size() : 0; }

}  // namespace

std::string to_string(SourcePlace place) {
  return "line " + std::to_string(place.line) + ", column " + std::to_string(place.column);
}

SourcePlace Source::place_of(std::string_view pointer) const {
  for (;;) {
    if (const auto found = places.find(pointer); found != places.end()) return found->second;
    const std::size_t slash = pointer.rfind('/');
    if (slash == std::string_view::npos) return {};
    pointer = pointer.substr(0, slash);
  }
}

Result<void> SourceBuilder::count(std::size_t values, std::size_t bytes, int height, SourcePlace place) {
  const std::string where = to_string(place);
  if (static_cast<int>(open_.size()) + height > limits_.max_depth) {
    return fail(ErrorKind::limit, "nested deeper than " + std::to_string(limits_.max_depth), where);
  }
  values_ += values;
  if (values_ > limits_.max_values) {
    return fail(ErrorKind::limit, "more than " + std::to_string(limits_.max_values) + " values", where, "read many rows from a file of their own");
  }
  bytes_ += bytes;
  if (bytes_ > limits_.max_bytes * max_growth) {
    return fail(ErrorKind::limit, "texts, names and what aliases repeat are larger than " + std::to_string(limits_.max_bytes * max_growth) + " bytes", where);
  }
  return {};
}

// Makes pointer_ that of the value that comes now, and notes its place.
void SourceBuilder::enter(SourcePlace place) {
  if (!open_.empty()) {
    const Open& parent = open_.back();
    pointer_.resize(parent.pointer_bytes);
    pointer_ += '/';
    pointer_ += parent.has_key ? schema::pointer_part(parent.key) : std::to_string(parent.value.size());
    if (parent.has_key) place = parent.key_place;
  }
  source_.places.emplace(pointer_, place);
}

void SourceBuilder::put(Json value, int height) {
  if (open_.empty()) {
    source_.value = std::move(value);
    return;
  }
  Open& parent = open_.back();
  parent.height = std::max(parent.height, height + 1);
  if (parent.has_key) {
    // Not by operator[]: it looks through all members, and that the key is new is known.
    parent.value.get_ref<Json::object_t&>().emplace_back(std::move(parent.key), std::move(value));
    parent.has_key = false;
  } else {
    parent.value.push_back(std::move(value));
  }
}

Result<void> SourceBuilder::begin(Json empty_container, SourcePlace place, std::size_t anchor) {
  enter(place);
  Open open{.value = std::move(empty_container), .pointer_bytes = pointer_.size(), .anchor = anchor, .values_before = values_, .bytes_before = bytes_};
  DEED_OK(count(1, pointer_.size(), 1, place));
  open_.push_back(std::move(open));
  return {};
}

Result<void> SourceBuilder::end() {
  Open open = std::move(open_.back());
  open_.pop_back();
  if (open.anchor != 0) {
    anchors_[open.anchor] = {open.value, values_ - open.values_before, bytes_ - open.bytes_before, open.height};
  }
  put(std::move(open.value), open.height);
  return {};
}

Result<void> SourceBuilder::key(std::string name, SourcePlace place) {
  Open& open = open_.back();
  if (!open.keys.insert(name).second) {
    return fail(ErrorKind::invalid, "the key \"" + escaped(name) + "\" is here twice", to_string(place));
  }
  bytes_ += name.size();
  open.key = std::move(name);
  open.key_place = place;
  open.has_key = true;
  return {};
}

Result<void> SourceBuilder::scalar(Json value, SourcePlace place, std::size_t anchor) {
  enter(place);
  const std::size_t bytes = bytes_of(value);
  DEED_OK(count(1, bytes + pointer_.size(), 0, place));
  if (anchor != 0) anchors_[anchor] = {value, 1, bytes, 0};
  put(std::move(value), 0);
  return {};
}

Result<void> SourceBuilder::alias(std::size_t anchor, SourcePlace place) {
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) return fail(ErrorKind::invalid, "this alias stands inside of what it stands for", to_string(place));
  enter(place);
  const Anchored& anchored = found->second;
  DEED_OK(count(anchored.values, anchored.bytes + pointer_.size(), anchored.height, place));
  put(anchored.value, anchored.height);
  return {};
}

}  // namespace deed
