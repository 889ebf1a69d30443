// Texts that are told in pieces and then again as a whole, once or several times: what of each telling is new.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace deed {

class HeardTexts {
 public:
  /// A further piece of the text `key`.
  void add(const std::string& key, const std::string& piece) { at(key) += piece; }

  /// The text `key` as a whole. Gives what comes behind that which was heard; "" where the whole says something else, which counts then.
  std::string finish(const std::string& key, const std::string& whole) {
    std::string& heard = at(key);
    if (!whole.starts_with(heard)) {
      // Some servers give all their texts the same place: then the whole is the latest of them.
      if (!heard.ends_with(whole)) heard = whole;
      return {};
    }
    std::string rest = whole.substr(heard.size());
    heard = whole;
    return rest;
  }

  /// All texts, in the order in which they began.
  std::string all() const {
    std::string all;
    for (const auto& [key, text] : texts_) all += text;
    return all;
  }

  bool has(const std::string& key) const {
    return std::any_of(texts_.begin(), texts_.end(), [&](const auto& text) { return text.first == key; });
  }
  bool empty() const { return texts_.empty(); }

 private:
  std::string& at(const std::string& key) {
    for (auto& [known, text] : texts_) {
      if (known == key) return text;
    }
    return texts_.emplace_back(key, "").second;
  }

  std::vector<std::pair<std::string, std::string>> texts_;
};

}  // namespace deed
