#include "deed/net/curl_runtime.hpp"

#include "deed/core/text.hpp"

#include <cstdlib>

namespace deed {
namespace {

bool has_started() {
  // Never undone: OpenSSL's own state ends with the process.
  static const bool started = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return started;
}

const char* environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

TrustStore TrustStore::from_environment() {
  std::string file = environment("CURL_CA_BUNDLE");
  if (file.empty()) file = environment("SSL_CERT_FILE");
  return {.ca_file = std::move(file), .ca_folder = environment("SSL_CERT_DIR")};
}

Result<void> start_curl() {
  static const std::string missing = curl_loading_error();
  if (!missing.empty())
    return fail(ErrorKind::unavailable, "libcurl cannot be loaded: " + missing, {},
                "install it (Debian: libcurl4)");
  if (!has_started()) return fail(ErrorKind::internal, "libcurl does not start");
  return {};
}

Result<CurlEasy> open_curl_easy() {
  DEED_OK(start_curl());
  CurlEasy easy(curl_easy_init());
  if (!easy) return fail(ErrorKind::internal, "libcurl gives no handle: out of memory");
  return easy;
}

Result<CurlMulti> open_curl_multi() {
  DEED_OK(start_curl());
  CurlMulti multi(curl_multi_init());
  if (!multi) return fail(ErrorKind::internal, "libcurl gives no handle: out of memory");
  return multi;
}

void set_trust(CURL* easy, const TrustStore& trust) {
  if (!trust.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, trust.ca_file.c_str());
  if (!trust.ca_folder.empty()) curl_easy_setopt(easy, CURLOPT_CAPATH, trust.ca_folder.c_str());
}

bool append(CurlList& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (!longer) return false;
  (void)list.release();
  list.reset(longer);
  return true;
}

std::string curl_error_text(CURLcode code, const CurlErrorText& text) {
  return to_utf8(text[0] ? text.data() : curl_easy_strerror(code));
}

}  // namespace deed
