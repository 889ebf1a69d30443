#include "deed/plugins/agreements.hpp"

#include <filesystem>

#include "deed/tools/private_file.hpp"

namespace deed {
namespace {

constexpr std::size_t max_file_bytes = 64u << 20;

Json to_json(const Agreement& agreement) {
  return {{"folder", agreement.folder}, {"digest", agreement.digest}, {"stamp", agreement.stamp}, {"permissions", agreement.permissions}, {"tools", agreement.tools}};
}

Result<Agreement> parse_agreement(const Json& value) {
  const auto tools = value.is_object() ? value.find("tools") : value.end();
  if (!value.is_object() || tools == value.end() || !tools->is_array()) return fail(ErrorKind::corrupt, "an agreement that is none");
  Agreement out{string_at(value, "folder"), string_at(value, "digest"), string_at(value, "stamp"), value.value("permissions", Json::object()), {}};
  for (const Json& tool : *tools) out.tools.push_back(tool);
  return out;
}

}  // namespace

Result<Agreements> Agreements::load(const std::string& home) {
  Agreements out;
  out.file_ = home + "/plugins.json";
  DEED_TRY(const std::optional<std::string> text, read_private_file(out.file_, max_file_bytes));
  if (!text) return out;
  const auto damaged = [&] { return fail(ErrorKind::corrupt, "the file of agreed plugins is damaged", out.file_, "remove it, and agree to your plugins again: deed plugin approve"); };
  const auto document = parse_json(*text);
  const auto plugins = document && document->is_object() ? document->find("plugins") : Json::const_iterator();
  if (!document || !document->is_object() || plugins == document->end() || !plugins->is_object()) return damaged();
  for (const auto& [name, value] : plugins->items()) {
    auto agreement = parse_agreement(value);
    if (!agreement) return damaged();
    out.all_[name] = *std::move(agreement);
  }
  return out;
}

const Agreement* Agreements::find(std::string_view name) const {
  const auto found = all_.find(name);
  return found == all_.end() ? nullptr : &found->second;
}

Result<void> Agreements::save() const {
  Json plugins = Json::object();
  for (const auto& [name, agreement] : all_) plugins[name] = to_json(agreement);
  std::error_code ec;
  std::filesystem::create_directories(std::filesystem::path(file_).parent_path(), ec);
  return replace_private_file(file_, to_text({{"version", 1}, {"plugins", std::move(plugins)}}, 1));
}

}  // namespace deed
