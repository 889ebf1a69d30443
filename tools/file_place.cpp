#include "deed/tools/file_place.hpp"

#include "deed/core/text.hpp"

namespace deed {

SharedRoot share_root(const std::string& path) {
  return std::make_shared<const Result<std::unique_ptr<RootDir>>>(open_root_dir(path));
}

Result<FilePlace> place_of(const SharedRoot& root, const Json& arguments) {
  if (!*root) return fail(root->error());
  const RootDir& folder = *root->value();
  DEED_TRY(RelativePath path, folder.parse(string_at(arguments, "path", ".")));
  return FilePlace{&folder, std::move(path)};
}

std::string shown(const std::string& path) {
  return has_control_characters(path) ? escaped(path) : to_utf8(path);
}

Json path_schema(const char* description) {
  return {
      {"type", "string"}, {"format", "path"}, {"maxLength", 4096}, {"description", description}};
}

}  // namespace deed
