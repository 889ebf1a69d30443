#include "deed/tools/mail_store.hpp"

#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"

namespace deed {

Outcome outcome_of_change(const MailChange& change, Json result, std::string text) {
  switch (change.state) {
    case MailChange::State::done: return Outcome::succeeded(std::move(result), std::move(text));
    case MailChange::State::not_done: return Outcome::failed_without_effect(change.error);
    case MailChange::State::unknown: break;
  }
  return Outcome::unknown(to_string(change.error));
}

Result<MailId> MailId::parse(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size() || text.size() > 1000 || has_control_characters(text) || !is_utf8(text)) {
    return fail(ErrorKind::invalid, "this is not the id of a mail", "\"" + escaped(text) + "\"", "take it as email.list or email.search gave it");
  }
  return MailId{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

}  // namespace deed
