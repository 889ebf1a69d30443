// What a provider is: how a request is written, and who reads the reply. Pure; the sending is remote_model's.
#pragma once

#include "deed/llm/model.hpp"
#include "deed/llm/remote/reply_reader.hpp"
#include "deed/net/http.hpp"

#include <memory>
#include <string>

namespace deed {

class WireFormat {
 public:
  virtual ~WireFormat() = default;

  /// The body of a POST. The bytes are the same for the same request; where the API allows it, the body of a turn begins with the
  /// bytes of the turn before, so that the provider's prompt cache hits. Bytes that are not UTF-8 become U+FFFD.
  ///
  /// `messages` are as `mended` leaves them: each call has its result, in order.
  virtual std::string write(const ModelRequest& request) = 0;

  /// Headers that the API wants beside Content-Type and the key.
  virtual HttpHeaders headers() const { return {}; }

  virtual std::unique_ptr<ReplyReader> reader(ReplyReader::Options options) const = 0;
};

}  // namespace deed
