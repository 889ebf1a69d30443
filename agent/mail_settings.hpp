// The settings of an account for mail.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "deed/agent/mail_account.hpp"
#include "deed/agent/settings.hpp"

namespace deed {

/// The account that the setting `account` names, else the one without a name. Reads password files and runs password commands.
/// errors  not_found: there is no [mail.NAME] of the account. invalid: a setting, with its origin. Those of secret_source.hpp
Result<MailAccount> mail_account(const Settings& settings, const std::function<std::optional<std::string>(std::string_view)>& getenv);

/// The settings of the account, for whoever goes on with a run of it: no secrets.
Json recorded_account(const Settings& settings);

/// A setting of an account: "smtp.url" and "mail.work.smtp.url" alike.
bool is_of_account(std::string_view key);

}  // namespace deed
