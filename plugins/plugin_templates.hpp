// The files that a new plugin begins with: plugins/templates/, as cmake/DeedPluginTemplates.cmake finds them.
#pragma once

#include <span>
#include <string_view>

namespace deed {

struct PluginTemplate {
  std::string_view language;  ///< "c", "cpp", "python", "sh"
  std::string_view file;      ///< its name in the plugin's folder
  std::string_view text;      ///< of a plugin that is called "greeter"
};

std::span<const PluginTemplate> plugin_templates();

}  // namespace deed
