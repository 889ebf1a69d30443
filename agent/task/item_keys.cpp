#include "deed/agent/task/item_keys.hpp"

#include <charconv>
#include <string>

#include "deed/core/hash.hpp"

namespace deed {
namespace {

std::uint64_t hex_number(std::string_view digits) {
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

}  // namespace

ItemKeys::Slot ItemKeys::slot_of(std::string_view name) {
  const std::string hash = sha256_hex(name);
  const std::string_view digits = hash;
  Slot slot{hex_number(digits.substr(0, 16)), hex_number(digits.substr(16, 16))};
  if (slot == Slot{}) slot.low = 1;  // {0, 0} is a free place
  return slot;
}

std::size_t ItemKeys::place_of(const Slot& slot) const {
  std::size_t at = slot.high % slots_.size();
  while (slots_[at] != Slot{} && slots_[at] != slot) at = at + 1 == slots_.size() ? 0 : at + 1;
  return at;
}

void ItemKeys::grow() {
  std::vector<Slot> old(slots_.empty() ? 64 : slots_.size() + slots_.size() / 4);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot != Slot{}) slots_[place_of(slot)] = slot;
  }
}

bool ItemKeys::insert(std::string_view name) {
  if ((size_ + 1) * 10 > slots_.size() * 9) grow();
  const Slot slot = slot_of(name);
  Slot& place = slots_[place_of(slot)];
  if (place == slot) return false;
  place = slot;
  ++size_;
  return true;
}

bool ItemKeys::contains(std::string_view name) const {
  if (slots_.empty()) return false;
  const Slot slot = slot_of(name);
  return slots_[place_of(slot)] == slot;
}

}  // namespace deed
