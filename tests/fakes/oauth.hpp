// What a mail server makes of an OAuth 2.0 login (RFC 7628 and Google's XOAUTH2), for the servers of tests.
#pragma once

#include "deed/core/base64.hpp"

#include <string>
#include <string_view>

namespace deed::fakes {

/// What the server says to a token that it does not take, in Base64 behind its sign to go on; the client then answers with one byte 0x01.
inline std::string oauth_refusal() { return base64(R"({"status":"invalid_token","scope":"mail"})"); }
/// That answer.
inline constexpr const char* oauth_dummy = "AQ==";

/// Whether the client's initial response names the user and has the token. mechanism  "oauthbearer" or "xoauth2"
inline bool is_oauth_login(std::string_view mechanism, std::string_view given, const std::string& user, const std::string& token) {
  const auto text = parse_base64(given);
  if (!text) return false;
  if (mechanism == "xoauth2") return *text == "user=" + user + "\x01" "auth=Bearer " + token + "\x01\x01";
  // n,a=USER,^Ahost=…^Aport=…^Aauth=Bearer TOKEN^A^A
  return text->starts_with("n,a=" + user + ",\x01") && text->ends_with("\x01" "auth=Bearer " + token + "\x01\x01");
}

}  // namespace deed::fakes
