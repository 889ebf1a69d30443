// Whether a sandbox holds here, by what happens in it: a program that starts is not enough. Inside the room.
#pragma once

#include <functional>
#include <vector>

#include "deed/core/result.hpp"
#include "deed/plugins/sandbox.hpp"

namespace deed {

/// Runs a shell in a sandbox of this kind, which has to see that a file beside its folders can neither be read nor written, that
/// system calls are filtered, and that it is not root. Not remembered.
/// errors  unsupported, with the reason
Result<void> probe_sandbox(SandboxKind kind);

/// The first of `kinds` for which `attempt` finds nothing.
/// errors  unsupported: each kind with its reason
Result<SandboxKind> first_sandbox(const std::vector<SandboxKind>& kinds, const std::function<Result<void>(SandboxKind)>& attempt);

}  // namespace deed
