// Tool calls out of the pieces in which servers stream them. OpenAI numbers the calls and sends the
// arguments as pieces of JSON text; others send a whole call at once, leave out numbers or ids,
// give every call the number 0, repeat the name in each piece, or send the arguments as an object.
// All of them end as the same ToolCall.
#pragma once

#include "deed/core/json.hpp"
#include "deed/llm/model.hpp"
#include "deed/llm/remote/tool_names.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

class CallAssembly {
 public:
  struct Options {
    ToolNames names = {};
    Transcript transcript = {};  ///< the ids of its calls are taken
    /// Ids that are missing or taken become "call_SEED_N". Called when the first is needed; empty: 0.
    std::function<std::string()> id_seed = {};
    std::size_t max_calls = 128;
  };

  explicit CallAssembly(Options options) : options_(std::move(options)) {}

  /// Takes one entry of a delta's (or message's) `tool_calls`. `is_damaged`: bytes that were not
  /// UTF-8 have become U+FFFD. errors  corrupt: not an object, or more calls than allowed
  Result<ToolCallDelta> add(const Json& entry, bool is_damaged);

  bool empty() const { return calls_.empty(); }

  /// Puts the calls into `reply`, in the order in which they began. Arguments that are no JSON
  /// object, or were damaged, are left empty and stand in `bad_arguments`; absent arguments are {}.
  void finish(Reply& reply) const;

 private:
  // Follows JSON text to the end of its first value, so that a second value is known to be another
  // call's.
  struct ValueEnd {
    int depth = 0;
    bool in_string = false, after_backslash = false, is_reached = false;
    void feed(std::string_view text);
  };
  struct Call {
    std::string id, wire_id, wire_name, arguments;
    ValueEnd end = {};
    bool is_damaged = false;
  };
  struct Piece {
    std::optional<std::int64_t> index;
    std::string id, name, arguments;
  };

  static Piece read(const Json& entry);
  static bool starts_another(const Call& call, const Piece& piece);
  std::optional<std::size_t> find(const Piece& piece) const;
  std::string unique_id(const std::string& wire_id);
  bool is_taken(const std::string& id) const;

  Options options_;
  std::vector<Call> calls_;
  std::map<std::int64_t, std::size_t> by_index_;  ///< the latest call of a number
};

}  // namespace deed
