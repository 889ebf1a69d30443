// What every use of libcurl in this room shares. Internal: curl.h stays out of public headers.
#pragma once

#include "deed/core/result.hpp"
#include "deed/net/trust.hpp"

#include <curl/curl.h>

#include <array>
#include <memory>
#include <string>

namespace deed {

struct CurlEasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct CurlMultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct CurlListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlEasy = std::unique_ptr<CURL, CurlEasyDeleter>;
using CurlMulti = std::unique_ptr<CURLM, CurlMultiDeleter>;
using CurlList = std::unique_ptr<curl_slist, CurlListDeleter>;
using CurlErrorText = std::array<char, CURL_ERROR_SIZE>;

/// Why libcurl cannot be loaded; empty: it can, and is.
std::string curl_loading_error();

/// Loads and starts libcurl with the first call, because that costs milliseconds that a command
/// without network must not pay. Before it no function of libcurl may be called.
/// errors  unavailable: it is not installed. internal: it does not start
Result<void> start_curl();

/// errors  as start_curl; internal: there is no memory
Result<CurlEasy> open_curl_easy();
Result<CurlMulti> open_curl_multi();

void set_trust(CURL* easy, const TrustStore& trust);

/// Adds a line; false if there is no memory.
bool append(CurlList& list, const std::string& line);

/// The text that libcurl left in `text`, else its general one for `code`.
std::string curl_error_text(CURLcode code, const CurlErrorText& text);

}  // namespace deed
