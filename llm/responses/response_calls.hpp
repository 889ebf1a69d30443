// The function_call items of one response: which event belongs to which of them, and what of their arguments is new. A call is told up
// to five times (added, pieces, arguments done, item done, the final response), by an output_index, an item id and a call_id, of which
// servers leave out, repeat or change some. Gives entries for ReplyReader::add_call. Pure.
// Source: https://platform.openai.com/docs/api-reference/responses-streaming
#pragma once

#include "deed/core/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace deed {

class ResponseCalls {
 public:
  /// What an event says of whose it is.
  struct Place {
    std::optional<std::int64_t> output_index = {};
    std::string item_id = {};
  };
  static Place place_of(const Json& event);

  /// The item began: response.output_item.added. null: it had begun already.
  Json begin(const Place& place, const Json& item);
  /// A piece of the arguments: response.function_call_arguments.delta. null: the call has no name yet, the piece is kept.
  Json piece(const Place& place, const std::string& arguments);
  /// All that the item holds: its last events. null: nothing of it is new.
  /// errors  corrupt: other arguments than the pieces that came before
  Result<Json> whole(const Place& place, const Json& item);
  /// The same for an item of the final response, `output_index` its place there. Each call is matched once.
  Result<Json> final(std::int64_t output_index, const Json& item);

  /// What only the added items held; asked for when the response is completed.
  std::vector<Json> left();

  /// Whether the n-th call that entries were given for was told as a whole.
  bool is_whole(std::size_t n) const;
  /// Whether there is a call that no event named.
  bool has_nameless() const;

 private:
  struct Call {
    Place place;
    std::string call_id, name, arguments;
    std::string early_arguments = {};  // of the item as it was added
    std::optional<std::size_t> number = {};  // in the order in which entries were given
    bool is_whole = false, is_in_final = false;
  };

  std::optional<std::size_t> find(const Place& place) const;
  std::optional<std::size_t> find_final(std::int64_t output_index, const Json& item) const;
  Call& add(const Place& place, const Json& item);
  Json tell(Call& call, const std::string& arguments);
  Result<Json> complete(Call& call, const Json& item);

  std::vector<Call> calls_;
  std::size_t told_ = 0;
};

}  // namespace deed
