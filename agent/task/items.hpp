// The items of a loop, one after the other, each with its name: from a list, or from the rows of a file. Knows what was met before
// in this reading, so that two items of one name are found.
#pragma once

#include <memory>
#include <optional>

#include "deed/agent/task/item_keys.hpp"
#include "deed/agent/task/scope.hpp"
#include "deed/agent/task/task.hpp"

namespace deed {

struct NextItem {
  ItemRef ref;
  CurrentItem item;
  std::optional<Error> error = {};  ///< this item cannot be used: its row is damaged, it has no name, or one that another has
};

class ItemReader {
 public:
  virtual ~ItemReader() = default;
  virtual std::size_t step() const = 0;
  /// The next item; nullopt: there is none.
  /// errors  those of RowReader; limit: more than the loop's largest number
  virtual Result<std::optional<NextItem>> next() = 0;

  std::int64_t skipped = 0;  ///< items whose condition did not hold; counted by whoever reads
  bool at_end = false;       ///< `next` has said so
};

/// Begins from the first item. `state` is borrowed and outlives the reader.
/// root  of relative paths
/// errors  those of the template of the list or path; invalid: no list. Those of open_rows
Result<std::unique_ptr<ItemReader>> read_items(const State& state, const RunId& run, std::size_t step, const std::string& root);

}  // namespace deed
