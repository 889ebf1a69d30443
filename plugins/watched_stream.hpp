// A descriptor of a child process on the loop. Internal.
#pragma once

#include <fcntl.h>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "deed/core/async.hpp"

namespace deed {

/// The stream gets a copy of the descriptor, so that the child's owner and the loop each close their own.
/// errors  unavailable: no descriptor is left
inline Result<void> watch_descriptor(asio::posix::stream_descriptor& stream, int fd) {
  const int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  boost::system::error_code ec;
  if (own >= 0) stream.assign(own, ec);
  if (own >= 0 && !ec) return {};
  return fail(ErrorKind::unavailable, "a process of a plugin cannot be watched: no descriptor is left");
}

}  // namespace deed
