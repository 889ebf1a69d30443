#include "deed/net/imap_search.hpp"

#include "deed/core/text.hpp"
#include "deed/net/imap_wire.hpp"
#include "deed/net/mail_url.hpp"

#include <algorithm>
#include <exception>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

namespace deed {
namespace {

constexpr std::size_t max_answer_bytes = 1u << 20;
// libcurl takes the middle out of a line that is longer than half of its buffer (lib/pingpong.c),
// without an error: with its usual 16 KiB, 3,000 copies were counted as 395. Half of this holds
// 47,000 numbers.
constexpr long buffer_bytes = 1 << 20;

long tls_of(const ImapServer& server) {
  if (server.security == MailSecurity::none) return CURLUSESSL_NONE;
  const bool may_be_plain =
      server.security == MailSecurity::starttls && is_loopback_host(server.host);
  return may_be_plain ? CURLUSESSL_TRY : CURLUSESSL_ALL;
}

// A name in a URL's path.
std::string percent_encoded(std::string_view text) {
  constexpr const char* digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                          (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_';
    if (is_plain) {
      out += c;
      continue;
    }
    out += '%';
    out += digits[u >> 4];
    out += digits[u & 15];
  }
  return out;
}

ErrorKind search_error_kind(CURLcode code) {
  switch (code) {
    case CURLE_LOGIN_DENIED:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED:
      return ErrorKind::denied;
    case CURLE_REMOTE_ACCESS_DENIED:
    case CURLE_REMOTE_FILE_NOT_FOUND:
      return ErrorKind::not_found;
    case CURLE_OPERATION_TIMEDOUT:
      return ErrorKind::timeout;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_QUOTE_ERROR:
      return ErrorKind::corrupt;
    default:
      return ErrorKind::unavailable;
  }
}

}  // namespace

ImapSearchThread::ImapSearchThread(ImapServer server, ImapSearch search, TrustStore trust,
                                   std::function<void()> notify)
    : server_(std::move(server)),
      search_(std::move(search)),
      trust_(std::move(trust)),
      notify_(std::move(notify)),
      thread_([this] { work(); }) {}

ImapSearchThread::~ImapSearchThread() {
  stop();
  thread_.join();
}

std::optional<Result<std::size_t>> ImapSearchThread::result() const {
  const std::lock_guard lock(mutex_);
  return result_;
}

void ImapSearchThread::stop() {
  const std::lock_guard lock(mutex_);
  is_stopped_ = true;
  for (const curl_socket_t fd : sockets_) ::shutdown(fd, SHUT_RDWR);
}

bool ImapSearchThread::is_stopped() const {
  const std::lock_guard lock(mutex_);
  return is_stopped_;
}

void ImapSearchThread::cut() {
  const std::lock_guard lock(mutex_);
  for (const curl_socket_t fd : sockets_) ::shutdown(fd, SHUT_RDWR);
}

curl_socket_t ImapSearchThread::on_open(void* self, curlsocktype, curl_sockaddr* address) noexcept {
  auto& search = *static_cast<ImapSearchThread*>(self);
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  try {
    const std::lock_guard lock(search.mutex_);
    search.sockets_.insert(fd);
  } catch (const std::exception&) {
    ::close(fd);
    return CURL_SOCKET_BAD;
  }
  return fd;
}

int ImapSearchThread::on_close(void* self, curl_socket_t fd) noexcept {
  auto& search = *static_cast<ImapSearchThread*>(self);
  // Closed under the lock, so that stop() cannot meet a number that is somebody else's by then.
  const std::lock_guard lock(search.mutex_);
  search.sockets_.erase(fd);
  return ::close(fd);
}

std::size_t ImapSearchThread::on_reply(char* data, std::size_t size, std::size_t n,
                                       void* self) noexcept {
  auto& search = *static_cast<ImapSearchThread*>(self);
  try {
    const std::string line = lower_ascii(std::string_view(data, size * n));
    const bool offers = line.find("auth=plain") != std::string::npos ||
                        line.find("auth=login") != std::string::npos;
    search.offers_auth_ = search.offers_auth_ || offers;
  } catch (const std::exception&) {
    // Out of memory: what is offered stays unknown, and the search ends with the first answer.
    search.offers_auth_ = true;
  }
  return size * n;
}

std::size_t ImapSearchThread::on_line(char* data, std::size_t size, std::size_t n,
                                      void* self) noexcept {
  auto& search = *static_cast<ImapSearchThread*>(self);
  try {
    if (search.lines_.size() + size * n > max_answer_bytes) return 0;
    search.lines_.append(data, size * n);
    return size * n;
  } catch (const std::exception&) {
    return 0;
  }
}

// libcurl asks once a second where it waits for something that is not a socket.
int ImapSearchThread::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t,
                                  curl_off_t) noexcept {
  return static_cast<ImapSearchThread*>(self)->is_stopped() ? 1 : 0;
}

void ImapSearchThread::work() {
  pthread_setname_np(pthread_self(), "deed-imap");
  Result<std::size_t> found = run();
  {
    const std::lock_guard lock(mutex_);
    result_ = std::move(found);
  }
  notify_();
}

// Without a choice a user that looks like ann@example.org makes libcurl try Kerberos first where the
// server offers it; with one it does not fall back to the command LOGIN, which is all that some
// servers have.
Result<std::size_t> ImapSearchThread::run() {
  Result<std::size_t> found = attempt("AUTH=PLAIN;AUTH=LOGIN");
  const bool is_denied = !found && found.error().kind == ErrorKind::denied;
  if (is_denied && !server_.user.empty() && !offers_auth_) found = attempt("AUTH=*");
  return found;
}

Result<std::size_t> ImapSearchThread::attempt(const char* login_options) {
  DEED_TRY(const CurlEasy easy, open_curl_easy());
  lines_.clear();
  error_text_ = {};
  set_up(easy.get(), login_options);
  const CURLcode code = curl_easy_perform(easy.get());
  // The handle's end says LOGOUT and waits for the answer, which nobody needs.
  cut();
  if (is_stopped()) return fail(ErrorKind::cancelled, "the search was stopped");
  if (code != CURLE_OK) return failure(code);
  return read_search_answer(lines_);
}

void ImapSearchThread::set_up(CURL* easy, const char* login_options) {
  const char* scheme = server_.security == MailSecurity::tls ? "imaps://" : "imap://";
  const std::string url = scheme + authority_of(server_.host, server_.port) + "/" +
                          percent_encoded(imap_mailbox_name(search_.mailbox));
  const auto limit_ms = static_cast<long>(
      std::clamp<std::chrono::milliseconds::rep>(search_.timeout.count(), 1, 1'000'000'000));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "imap,imaps");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, buffer_bytes);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, imap_search_command(search_.message_id).c_str());
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, limit_ms);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, limit_ms);
  // Also bounds the wait for the answer to LOGOUT, where libcurl itself ends a connection.
  curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, std::max(1L, limit_ms / 1000));
  curl_easy_setopt(easy, CURLOPT_USE_SSL, tls_of(server_));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set_trust(easy, trust_);
  if (!server_.user.empty()) {
    curl_easy_setopt(easy, CURLOPT_USERNAME, server_.user.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, server_.password.reveal().c_str());
    curl_easy_setopt(easy, CURLOPT_LOGIN_OPTIONS, login_options);
  }
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &ImapSearchThread::on_reply);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &ImapSearchThread::on_line);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &ImapSearchThread::on_progress);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, this);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_.data());
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &ImapSearchThread::on_open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &ImapSearchThread::on_close);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
}

Unexpected ImapSearchThread::failure(CURLcode code) const {
  return fail(search_error_kind(code),
              "the mailbox cannot be searched: " + curl_error_text(code, error_text_), server_.host + " " + search_.mailbox, "check the imap settings");
}

}  // namespace deed
