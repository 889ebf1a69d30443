// Builds a Source from what a reader comes across, one value after the other, within limits: depth, number of values, bytes, and
// no key twice. Values that stand for an earlier one (aliases) are counted before they are copied.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "deed/agent/task/source.hpp"

namespace deed {

/// "line 3, column 7".
std::string to_string(SourcePlace place);

class SourceBuilder {
 public:
  explicit SourceBuilder(SourceLimits limits) : limits_(limits) {}

  // Each: errors  limit, or invalid for a key that is there already; `where` is the place.
  Result<void> begin(Json empty_container, SourcePlace place, std::size_t anchor = 0);
  Result<void> end();
  Result<void> key(std::string name, SourcePlace place);
  Result<void> scalar(Json value, SourcePlace place, std::size_t anchor = 0);
  /// The value that was called `anchor`. errors  invalid also: it is not complete yet
  Result<void> alias(std::size_t anchor, SourcePlace place);

  /// Whether a key must come next, or a value for one.
  bool expects_key() const { return !open_.empty() && open_.back().value.is_object() && !open_.back().has_key; }
  bool has_key() const { return !open_.empty() && open_.back().has_key; }
  SourcePlace key_place() const { return open_.back().key_place; }

  Source take() {
    source_.places.emplace("", SourcePlace{1, 1});  // of a file without any value
    return std::move(source_);
  }

 private:
  struct Open {
    Json value;
    std::size_t pointer_bytes = 0;  // of its own pointer
    std::unordered_set<std::string> keys = {};
    std::string key = {};
    SourcePlace key_place = {};
    bool has_key = false;
    std::size_t anchor = 0, values_before = 0, bytes_before = 0;
    int height = 1;  // of what is in it, and itself
  };
  struct Anchored {
    Json value;
    std::size_t values = 0, bytes = 0;
    int height = 0;
  };

  Result<void> count(std::size_t values, std::size_t bytes, int height, SourcePlace place);
  void enter(SourcePlace place);
  void put(Json value, int height);

  SourceLimits limits_;
  Source source_;
  std::vector<Open> open_;
  std::map<std::size_t, Anchored> anchors_;
  std::string pointer_;
  std::size_t values_ = 0, bytes_ = 0;
};

/// Whether `text` is JSON by its beginning and in full, as a Source; nullopt: it is something else, or broken.
std::optional<Result<Source>> parse_json_source(std::string_view text, const SourceLimits& limits);

}  // namespace deed
