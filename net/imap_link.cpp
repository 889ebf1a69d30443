#include "deed/net/imap_link.hpp"

#include "deed/core/text.hpp"
#include "deed/net/mail_url.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace deed {
namespace {

using std::chrono::steady_clock;

long tls_of(const ImapServer& server) {
  if (server.security == MailSecurity::none) return CURLUSESSL_NONE;
  const bool may_be_plain =
      server.security == MailSecurity::starttls && is_loopback_host(server.host);
  return may_be_plain ? CURLUSESSL_TRY : CURLUSESSL_ALL;
}

ErrorKind link_error_kind(CURLcode code) {
  switch (code) {
    case CURLE_LOGIN_DENIED:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED:
      return ErrorKind::denied;
    case CURLE_OPERATION_TIMEDOUT:
      return ErrorKind::timeout;
    case CURLE_WEIRD_SERVER_REPLY:
      return ErrorKind::corrupt;
    default:
      return ErrorKind::unavailable;
  }
}

Unexpected too_late() { return fail(ErrorKind::timeout, "the mail server did not answer in time"); }
Unexpected was_stopped() { return fail(ErrorKind::cancelled, "the visit to the mail server was stopped"); }
Unexpected has_gone() { return fail(ErrorKind::unavailable, "the mail server closed the connection"); }

}  // namespace

std::chrono::milliseconds ImapLink::left_until(Deadline deadline) {
  using std::chrono::milliseconds;
  return std::clamp(std::chrono::ceil<milliseconds>(deadline - steady_clock::now()), milliseconds(0), milliseconds(1'000'000'000));
}

ImapLink::~ImapLink() {
  // The handle's end says LOGOUT and waits for the answer, which nobody needs. It also calls on_close, hence here and not as a member.
  cut();
  easy_.reset();
}

void ImapLink::stop() {
  const std::lock_guard lock(mutex_);
  is_stopped_ = true;
  for (const curl_socket_t fd : sockets_) ::shutdown(fd, SHUT_RDWR);
}

bool ImapLink::is_stopped() const {
  const std::lock_guard lock(mutex_);
  return is_stopped_;
}

void ImapLink::cut() {
  const std::lock_guard lock(mutex_);
  for (const curl_socket_t fd : sockets_) ::shutdown(fd, SHUT_RDWR);
}

curl_socket_t ImapLink::on_open(void* self, curlsocktype, curl_sockaddr* address) noexcept {
  auto& link = *static_cast<ImapLink*>(self);
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  try {
    const std::lock_guard lock(link.mutex_);
    link.sockets_.insert(fd);
  } catch (const std::exception&) {
    ::close(fd);
    return CURL_SOCKET_BAD;
  }
  return fd;
}

int ImapLink::on_close(void* self, curl_socket_t fd) noexcept {
  auto& link = *static_cast<ImapLink*>(self);
  // Closed under the lock, so that stop() cannot meet a number that is somebody else's by then.
  const std::lock_guard lock(link.mutex_);
  link.sockets_.erase(fd);
  return ::close(fd);
}

std::size_t ImapLink::on_reply(char* data, std::size_t size, std::size_t n,
                                       void* self) noexcept {
  auto& link = *static_cast<ImapLink*>(self);
  try {
    const std::string line = lower_ascii(std::string_view(data, size * n));
    const bool offers = line.find("auth=plain") != std::string::npos ||
                        line.find("auth=login") != std::string::npos;
    link.offers_auth_ = link.offers_auth_ || offers;
  } catch (const std::exception&) {
    // Out of memory: what is offered stays unknown, and the login ends with the first answer.
    link.offers_auth_ = true;
  }
  return size * n;
}

// libcurl asks once a second where it waits for something that is not a socket.
int ImapLink::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t,
                                  curl_off_t) noexcept {
  return static_cast<ImapLink*>(self)->is_stopped() ? 1 : 0;
}

// Without a choice a user that looks like ann@example.org makes libcurl try Kerberos first where the
// server offers it; with one it does not fall back to the command LOGIN, which is all that some
// servers have.
Result<void> ImapLink::connect(const ImapServer& server, Deadline deadline) {
  // A token is for these two alone; no server may ask for it in another way.
  if (!server.token.empty()) return attempt(server, "AUTH=OAUTHBEARER;AUTH=XOAUTH2", deadline);
  Result<void> connected = attempt(server, "AUTH=PLAIN;AUTH=LOGIN", deadline);
  const bool is_denied = !connected && connected.error().kind == ErrorKind::denied;
  if (is_denied && !server.user.empty() && !offers_auth_) connected = attempt(server, "AUTH=*", deadline);
  return connected;
}

Result<void> ImapLink::attempt(const ImapServer& server, const char* login_options, Deadline deadline) {
  cut();
  easy_.reset();
  DEED_TRY(easy_, open_curl_easy());
  error_text_ = {};
  set_up(server, login_options, deadline);
  const CURLcode code = curl_easy_perform(easy_.get());
  if (is_stopped()) return was_stopped();
  if (code != CURLE_OK) {
    return fail(link_error_kind(code), "the mail server cannot be used: " + curl_error_text(code, error_text_),
                authority_of(server.host, server.port), "check the imap settings");
  }
  curl_easy_getinfo(easy_.get(), CURLINFO_ACTIVESOCKET, &socket_);
  if (socket_ == CURL_SOCKET_BAD) return has_gone();
  return {};
}

void ImapLink::set_up(const ImapServer& server, const char* login_options, Deadline deadline) {
  CURL* easy = easy_.get();
  const char* scheme = server.security == MailSecurity::tls ? "imaps://" : "imap://";
  const std::string url = scheme + authority_of(server.host, server.port) + "/";
  const auto limit_ms = static_cast<long>(std::max<std::chrono::milliseconds::rep>(left_until(deadline).count(), 1));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "imap,imaps");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, limit_ms);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, limit_ms);
  // Also bounds the wait for the answer to LOGOUT, where libcurl itself ends a connection.
  curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, std::max(1L, limit_ms / 1000));
  curl_easy_setopt(easy, CURLOPT_USE_SSL, tls_of(server));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set_trust(easy, trust_);
  if (!server.user.empty()) {
    curl_easy_setopt(easy, CURLOPT_USERNAME, server.user.c_str());
    if (server.token.empty()) curl_easy_setopt(easy, CURLOPT_PASSWORD, server.password.reveal().c_str());
    else curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, server.token.reveal().c_str());
    curl_easy_setopt(easy, CURLOPT_LOGIN_OPTIONS, login_options);
  }
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &ImapLink::on_reply);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &ImapLink::on_progress);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, this);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_.data());
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &ImapLink::on_open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &ImapLink::on_close);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
}

// Readable is also what was cut.
Result<void> ImapLink::wait(short events, Deadline deadline) const {
  for (;;) {
    if (is_stopped()) return was_stopped();
    const auto left = left_until(deadline);
    if (left.count() == 0) return too_late();
    pollfd waited{socket_, events, 0};
    const int ready = ::poll(&waited, 1, static_cast<int>(left.count()));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return has_gone();
  }
}

Result<void> ImapLink::send(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    if (is_stopped()) return was_stopped();
    std::size_t sent = 0;
    const CURLcode code = curl_easy_send(easy_.get(), bytes.data(), bytes.size(), &sent);
    if (code == CURLE_AGAIN) {
      DEED_OK(wait(POLLOUT, deadline));
      continue;
    }
    if (code != CURLE_OK) return is_stopped() ? was_stopped() : has_gone();
    bytes.remove_prefix(sent);
  }
  return {};
}

Result<std::string> ImapLink::receive(Deadline deadline) {
  for (;;) {
    if (is_stopped()) return was_stopped();
    std::string bytes(32 * 1024, '\0');
    std::size_t count = 0;
    const CURLcode code = curl_easy_recv(easy_.get(), bytes.data(), bytes.size(), &count);
    if (code == CURLE_OK && count > 0) {
      bytes.resize(count);
      return bytes;
    }
    if (code != CURLE_AGAIN) return is_stopped() ? was_stopped() : has_gone();
    DEED_OK(wait(POLLIN, deadline));
  }
}

}  // namespace deed
