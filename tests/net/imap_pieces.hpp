// A command of IMAP in the pieces in which it is sent, as texts.
#pragma once

#include "deed/net/imap_wire.hpp"
#include "deed/tests/fakes/bytes.hpp"

#include <string>
#include <vector>

namespace deed {

inline std::vector<std::string> pieces_of(const ImapCommand& command) {
  std::vector<std::string> out;
  for (const ImapCommand::Piece& piece : command.pieces()) out.push_back((piece.literal ? all_of(piece.literal) : "") + piece.text);
  return out;
}

}  // namespace deed
