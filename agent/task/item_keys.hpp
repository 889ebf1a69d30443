// A set of names of items, 16 bytes a name: a run over a million rows remembers which it has done.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace deed {

/// Holds the first 128 bits of each name's SHA-256; two names that share them do not occur.
class ItemKeys {
 public:
  /// Whether it is new.
  bool insert(std::string_view name);
  bool contains(std::string_view name) const;
  std::size_t size() const { return size_; }

 private:
  struct Slot {
    std::uint64_t high = 0, low = 0;  // both 0: free
    bool operator==(const Slot&) const = default;
  };
  static Slot slot_of(std::string_view name);
  std::size_t place_of(const Slot& slot) const;
  void grow();

  std::vector<Slot> slots_;  // open addressing; grows by a quarter
  std::size_t size_ = 0;
};

}  // namespace deed
