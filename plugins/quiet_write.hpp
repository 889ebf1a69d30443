// Writing into a pipe whose reader may be gone, in a program that did not choose to ignore SIGPIPE.
#pragma once

#include <string_view>
#include <sys/types.h>

namespace deed {

/// write(2); where nobody reads any more it fails with EPIPE and no signal is left behind (it is blocked for this thread, and taken back).
ssize_t write_quietly(int fd, std::string_view bytes);

}  // namespace deed
