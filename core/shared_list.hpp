// A list whose elements never change once they are in it, so that copies share them: a run's transcript is handed on with
// every request, and a request that has grown by two messages costs two messages.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace deed {

/// Reads like a vector of constants. Copying costs a counter for each element; elements may be read from any thread.
template <class T>
class SharedList {
  // Owners: every list that the element was copied into.
  using Elements = std::vector<std::shared_ptr<const T>>;

 public:
  class const_iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using reference = const T&;
    using pointer = const T*;
    using iterator_category = std::forward_iterator_tag;

    const_iterator() = default;
    reference operator*() const { return **at_; }
    pointer operator->() const { return at_->get(); }
    const_iterator& operator++() {
      ++at_;
      return *this;
    }
    const_iterator operator++(int) {
      const_iterator before = *this;
      ++at_;
      return before;
    }
    bool operator==(const const_iterator&) const = default;

   private:
    friend class SharedList;
    explicit const_iterator(typename Elements::const_iterator at) : at_(at) {}
    typename Elements::const_iterator at_ = {};
  };
  using iterator = const_iterator;
  using value_type = T;

  SharedList() = default;
  SharedList(std::initializer_list<T> elements) {
    for (const T& element : elements) push_back(element);
  }
  SharedList(std::vector<T> elements) {
    for (T& element : elements) push_back(std::move(element));
  }

  void push_back(T element) { elements_.push_back(std::make_shared<const T>(std::move(element))); }
  /// Adds the very element of another list.
  void share(const SharedList& other, std::size_t i) { elements_.push_back(other.elements_.at(i)); }
  /// Puts another element in the place of one; lists that share the old one keep it.
  void replace(std::size_t i, T element) { elements_.at(i) = std::make_shared<const T>(std::move(element)); }
  /// Keeps the first `size` elements; does nothing where there are fewer.
  void cut(std::size_t size) { elements_.resize(std::min(size, elements_.size())); }

  const T& operator[](std::size_t i) const { return *elements_[i]; }
  const T& front() const { return *elements_.front(); }
  const T& back() const { return *elements_.back(); }
  std::size_t size() const { return elements_.size(); }
  bool empty() const { return elements_.empty(); }
  const_iterator begin() const { return const_iterator(elements_.begin()); }
  const_iterator end() const { return const_iterator(elements_.end()); }

  /// How many elements at the beginning are the very same objects in both; equal ones that were made apart do not count.
  std::size_t shared_head(const SharedList& other) const {
    const auto ends = std::mismatch(elements_.begin(), elements_.end(), other.elements_.begin(), other.elements_.end());
    return static_cast<std::size_t>(ends.first - elements_.begin());
  }

  bool operator==(const SharedList& other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
  }

 private:
  Elements elements_;
};

}  // namespace deed
