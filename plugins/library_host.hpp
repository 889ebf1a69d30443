// A library of tools in this process. Its functions run on threads of their own, and reach the loop by messages; only what says that it
// is quick runs on the loop thread.
#pragma once

#include <memory>

#include "deed/plugins/c_library.hpp"
#include "deed/plugins/plugin_host.hpp"

namespace deed {

/// services  see PluginServices; `log` is not used, since the library was given one
std::shared_ptr<PluginHost> make_library_host(std::shared_ptr<CLibrary> library, PluginServices services);

}  // namespace deed
