#include "deed/plugins/sandbox_launch.hpp"

namespace deed {
Result<Launch> prepare_bubblewrap(const ChildOptions&) { return fail(ErrorKind::unsupported, "not built yet"); }
}  // namespace deed
