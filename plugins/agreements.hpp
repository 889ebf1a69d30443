// What the user agreed to: for each plugin its files, what it asks for and the tools that it lists. Kept in one file of deed's home;
// what is not there, or is not so any more, is not run.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "deed/core/json.hpp"
#include "deed/core/result.hpp"

namespace deed {

struct Agreement {
  std::string folder;         ///< absolute
  std::string digest, stamp;  ///< of its files
  Json permissions = Json::object();
  std::vector<Json> tools;    ///< as they were listed
};

class Agreements {
 public:
  /// home    deed's; a missing file is an empty list
  /// errors  corrupt: the file is damaged; those of read_private_file
  static Result<Agreements> load(const std::string& home);

  /// nullptr where there is none.
  const Agreement* find(std::string_view name) const;
  void set(const std::string& name, Agreement agreement) { all_[name] = std::move(agreement); }
  bool remove(const std::string& name) { return all_.erase(name) > 0; }
  /// durability  on the disk when it returns
  Result<void> save() const;

 private:
  std::string file_;
  std::map<std::string, Agreement, std::less<>> all_;
};

}  // namespace deed
