#include "deed/core/hash.hpp"

#include <openssl/evp.h>

#include "deed/core/check.hpp"

namespace deed {

namespace {

// Looked up among the providers once: that takes longer than hashing a short text.
const EVP_MD* sha256() {
  static const EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return found;
}

}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
  void begin() {
    DEED_CHECK(context && EVP_DigestInit_ex(context, sha256(), nullptr) == 1, "SHA-256 is not available");
  }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  state_->begin();
}
Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  DEED_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1, "SHA-256 update");
}

std::string Sha256::hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  DEED_CHECK(EVP_DigestFinal_ex(state_->context, digest, &size) == 1, "SHA-256 end");
  std::string out(std::size_t{2} * size, '0');
  for (std::size_t i = 0; i < size; ++i) {
    out[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    out[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
  }
  return out;
}

std::string sha256_hex(std::string_view bytes) {
  thread_local Sha256 hash;  // to make one takes as long as to hash a short text
  hash.state_->begin();
  hash.update(bytes);
  return hash.hex();
}

}  // namespace deed
