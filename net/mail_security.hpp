// How a connection to a mail server is protected.
#pragma once

namespace deed {

enum class MailSecurity {
  starttls,  ///< required, save at a loopback address: fails closed where it is not offered
  tls,       ///< from the first byte
  none,      ///< only by the user's explicit word
};

}  // namespace deed
