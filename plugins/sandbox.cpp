#include "deed/plugins/sandbox.hpp"

namespace deed {

const char* to_string(SandboxKind kind) {
  switch (kind) {
    case SandboxKind::bubblewrap: return "bubblewrap";
    case SandboxKind::landlock: return "landlock";
    case SandboxKind::off: return "off";
  }
  return "off";
}

Result<SandboxKind> parse_sandbox_kind(std::string_view text) {
  for (const SandboxKind kind : {SandboxKind::bubblewrap, SandboxKind::landlock, SandboxKind::off}) {
    if (text == to_string(kind)) return kind;
  }
  return fail(ErrorKind::invalid, "there is no sandbox \"" + std::string(text) + "\"", "", "bubblewrap, landlock or off");
}

}  // namespace deed
