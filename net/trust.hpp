// Which certificate authorities are believed. libcurl 7.88 reads none of these variables by itself;
// the curl command does.
#pragma once

#include <string>

namespace deed {

/// Empty members: the system's own store.
struct TrustStore {
  std::string ca_file = {};    ///< PEM bundle
  std::string ca_folder = {};  ///< hashed as by c_rehash

  /// CURL_CA_BUNDLE before SSL_CERT_FILE for the file, SSL_CERT_DIR for the folder.
  static TrustStore from_environment();
};

}  // namespace deed
