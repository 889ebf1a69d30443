// What the file tools share: the working folder, and the argument "path" judged against it.
#pragma once

#include "deed/core/json.hpp"
#include "deed/tools/root_dir.hpp"

#include <memory>
#include <string>

namespace deed {

/// Owned together by the functions of one tool, which are copied with it. A folder that could not
/// be opened fails each call.
using SharedRoot = std::shared_ptr<const Result<std::unique_ptr<RootDir>>>;
SharedRoot share_root(const std::string& path);

struct FilePlace {
  const RootDir* root;  ///< borrowed from the SharedRoot
  RelativePath path;
};

/// The argument "path", or the folder itself where it is absent.
/// errors  those of open_root_dir and RootDir::parse
Result<FilePlace> place_of(const SharedRoot& root, const Json& arguments);

/// A name from the file system as it can stand in JSON and before people: UTF-8, no control
/// characters.
std::string shown(const std::string& path);

/// {"type":"string","format":"path",…}
Json path_schema(const char* description);

}  // namespace deed
