#include "deed/net/http_exchange.hpp"

#include "deed/core/failpoint.hpp"
#include "deed/core/text.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace deed {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// libcurl reads 0 as "for ever" and counts in long.
long timeout_ms(milliseconds time) {
  return static_cast<long>(std::clamp<milliseconds::rep>(time.count(), 1, 1'000'000'000));
}

Result<void> check_ip_text(const char* text) {
  sockaddr_storage storage{};
  auto* four = reinterpret_cast<sockaddr_in*>(&storage);
  auto* six = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
    storage.ss_family = AF_INET6;
  } else if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
    storage.ss_family = AF_INET;
  }
  return EgressGuard::check_address(reinterpret_cast<const sockaddr&>(storage));
}

ErrorKind kind_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return ErrorKind::timeout;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
      return ErrorKind::denied;
    case CURLE_URL_MALFORMAT:
      return ErrorKind::invalid;
    // libcurl 7.88 says "out of memory" of a header line over its 100 KB.
    case CURLE_OUT_OF_MEMORY:
      return ErrorKind::limit;
    // "Received HTTP/0.9 when not allowed": the first bytes were not HTTP.
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WRITE_ERROR:
      return ErrorKind::corrupt;
    case CURLE_FAILED_INIT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_UNKNOWN_OPTION:
      return ErrorKind::internal;
    default:
      return ErrorKind::unavailable;
  }
}

const char* hint_for(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "check the host's name and the network";
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "check HTTP_PROXY, HTTPS_PROXY and NO_PROXY";
    case CURLE_COULDNT_CONNECT:
      return "check host and port, and that the server runs";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return "give the authority that signed the certificate in SSL_CERT_FILE or CURL_CA_BUNDLE";
    case CURLE_SSL_CACERT_BADFILE:
      return "check SSL_CERT_FILE, SSL_CERT_DIR and CURL_CA_BUNDLE";
    default:
      return "";
  }
}

}  // namespace

Result<void> Exchange::prepare() {
  DEED_OK(start_curl());
  DEED_OK(check_request(request_));
  proxy_ = proxy_for(request_.url, settings_);
  if (is_guarded()) DEED_OK(check_target(request_.url));
  DEED_TRY(easy_, open_curl_easy());
  DEED_OK(set_headers());
  set_method();
  set_limits();
  DEED_OK(set_route());
  set_callbacks();
  return {};
}

Result<void> Exchange::set_headers() {
  bool is_complete = true;
  for (const auto& [name, value] : request_.headers) {
    // "Name:" would take a header away, "Name;" sends it without a value.
    is_complete = is_complete && append(headers_, value.empty() ? name + ";" : name + ": " + value);
  }
  // Without this libcurl waits a second for "100 Continue" before a large body.
  is_complete = is_complete && append(headers_, "Expect:");
  if (!has_header(request_.headers, "content-type")) {
    is_complete = is_complete && append(headers_, "Content-Type:");
  }
  if (!is_complete) return fail(ErrorKind::internal, "out of memory for the request's headers");
  curl_easy_setopt(easy(), CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(easy(), CURLOPT_USERAGENT, user_agent);
  return {};
}

void Exchange::set_method() {
  const std::string& method = request_.method;
  const bool has_body = sends_body(request_);
  if (has_body) {
    curl_easy_setopt(easy(), CURLOPT_POST, 1L);
    curl_easy_setopt(easy(), CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy(), CURLOPT_POSTFIELDS, request_.body.data());
  } else if (method == "HEAD") {
    curl_easy_setopt(easy(), CURLOPT_NOBODY, 1L);
  }
  const bool is_implied = method == (has_body ? "POST" : "GET") || method == "HEAD";
  if (!is_implied) curl_easy_setopt(easy(), CURLOPT_CUSTOMREQUEST, method.c_str());
  if (!request_.on_body) curl_easy_setopt(easy(), CURLOPT_ACCEPT_ENCODING, accepted_encodings);
}

void Exchange::set_limits() {
  curl_easy_setopt(easy(), CURLOPT_NOSIGNAL, 1L);
  // Otherwise the loop thread waits for a name server when a transfer ends while it resolves.
  curl_easy_setopt(easy(), CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy(), CURLOPT_CONNECTTIMEOUT_MS, timeout_ms(request_.connect_timeout));
  curl_easy_setopt(easy(), CURLOPT_TIMEOUT_MS, timeout_ms(request_.timeout));
}

Result<void> Exchange::set_route() {
  curl_easy_setopt(easy(), CURLOPT_URL, wire_url(request_.url).c_str());
  curl_easy_setopt(easy(), CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy(), CURLOPT_PROTOCOLS_STR, "http,https");
  // Set even when empty: the decision is made here, and libcurl must not read the environment
  // again.
  curl_easy_setopt(easy(), CURLOPT_PROXY, proxy_.c_str());
  curl_easy_setopt(easy(), CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy(), CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy(), CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set_trust(easy(), settings_.trust);
  // A stream has its connection to itself: under HTTP/2 one that breaks would end every run's
  // reply.
  curl_easy_setopt(
      easy(), CURLOPT_HTTP_VERSION,
      static_cast<long>(request_.on_body ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
  if (request_.before_send) curl_easy_setopt(easy(), CURLOPT_FRESH_CONNECT, 1L);
  for (const std::string& entry : settings_.resolve) {
    if (!append(resolve_, entry)) return fail(ErrorKind::internal, "out of memory");
  }
  curl_easy_setopt(easy(), CURLOPT_RESOLVE, resolve_.get());
  return {};
}

void Exchange::set_callbacks() {
  curl_easy_setopt(easy(), CURLOPT_ERRORBUFFER, error_text_.data());
  curl_easy_setopt(easy(), CURLOPT_OPENSOCKETFUNCTION, &Exchange::on_open);
  curl_easy_setopt(easy(), CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy(), CURLOPT_PREREQFUNCTION, &Exchange::on_ready);
  curl_easy_setopt(easy(), CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy(), CURLOPT_HEADERFUNCTION, &Exchange::on_header);
  curl_easy_setopt(easy(), CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy(), CURLOPT_WRITEFUNCTION, &Exchange::on_body);
  curl_easy_setopt(easy(), CURLOPT_WRITEDATA, this);
  if (!has_failpoints()) return;
  // Nothing else tells when libcurl has handed the last byte of the request to the system.
  curl_easy_setopt(easy(), CURLOPT_DEBUGFUNCTION, &Exchange::on_trace);
  curl_easy_setopt(easy(), CURLOPT_DEBUGDATA, this);
  curl_easy_setopt(easy(), CURLOPT_VERBOSE, 1L);
}

int Exchange::on_trace(CURL*, curl_infotype what, char*, std::size_t size, void* self) noexcept {
  auto& exchange = *static_cast<Exchange*>(self);
  if (what == CURLINFO_DATA_OUT) exchange.traced_body_ += size;
  const bool is_out = what == CURLINFO_HEADER_OUT || what == CURLINFO_DATA_OUT;
  const std::size_t whole = exchange.request_.body.size();
  if (is_out && exchange.traced_body_ >= whole) failpoint(failpoints::http_after_send);
  return 0;
}

bool Exchange::is_guarded() const {
  return request_.guard && !request_.guard->is_allowed_by_name(request_.url);
}

// libcurl 7.88 sends any request again, a POST too, when a kept connection closes before the first
// byte of the reply (Curl_retry_request), although the server may have acted on it. FRESH_CONNECT
// rules that out for requests with a commit point; on_ready refuses the second sending of all
// others that are not safe.
bool Exchange::must_leave_once() const {
  return request_.before_send || !is_safe_method(request_.method);
}

curl_socket_t Exchange::on_open(void* self, curlsocktype, curl_sockaddr* address) noexcept {
  auto& exchange = *static_cast<Exchange*>(self);
  try {
    // With a proxy this is the proxy's address, which the user has set.
    if (exchange.is_guarded() && exchange.proxy_.empty()) {
      Result<void> allowed = EgressGuard::check_address(address->addr);
      if (!allowed) {
        exchange.refusal_ = std::move(allowed).error();
        return CURL_SOCKET_BAD;
      }
    }
    ++exchange.dialled_;
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  } catch (const std::exception&) {
    return CURL_SOCKET_BAD;
  }
}

// Called when the connection stands and the next thing is the request's first byte.
int Exchange::on_ready(void* self, char* peer, char*, int, int) noexcept {
  auto& exchange = *static_cast<Exchange*>(self);
  try {
    // A kept connection was not opened by this request, perhaps not even under a guard.
    if (exchange.is_guarded() && exchange.proxy_.empty()) {
      if (!exchange.is_taken(check_ip_text(peer))) return CURL_PREREQFUNC_ABORT;
    }
    // Counted also when refused: what came of the first sending is not known then.
    const bool is_again = ++exchange.times_sent_ > 1;
    if (is_again && exchange.must_leave_once()) {
      exchange.error_ =
          Error{ErrorKind::unavailable, "the server closed the connection without a reply",
                exchange.request_.url.origin()};
      return CURL_PREREQFUNC_ABORT;
    }
    exchange.last_activity_ = steady_clock::now();
    failpoint(failpoints::http_before_send);
    return CURL_PREREQFUNC_OK;
  } catch (const std::exception&) {
    return CURL_PREREQFUNC_ABORT;
  }
}

std::size_t Exchange::on_header(char* data, std::size_t size, std::size_t n, void* self) noexcept {
  auto& exchange = *static_cast<Exchange*>(self);
  try {
    exchange.last_activity_ = steady_clock::now();
    // What comes behind the body is a trailer, which nobody here reads.
    if (exchange.has_body_begun_) return size * n;
    return exchange.is_taken(exchange.head_.add_line({data, size * n})) ? size * n : 0;
  } catch (const std::exception&) {
    return 0;
  }
}

std::size_t Exchange::on_body(char* data, std::size_t size, std::size_t n, void* self) noexcept {
  auto& exchange = *static_cast<Exchange*>(self);
  // Any other count is an error to libcurl; for an empty piece that has to be something else than
  // 0.
  const std::size_t refused = size * n + 1;
  try {
    exchange.last_activity_ = steady_clock::now();
    exchange.has_body_begun_ = true;
    return exchange.is_taken(exchange.take_body({data, size * n})) ? size * n : refused;
  } catch (const std::exception& e) {
    exchange.error_ = Error{ErrorKind::internal, std::string("taking the response: ") + e.what()};
    return refused;
  }
}

Result<void> Exchange::take_body(std::string_view piece) {
  // Counted here, behind the decoder, so that a small body cannot unfold into a huge one.
  received_ += piece.size();
  if (received_ > request_.max_response_bytes) {
    return fail(ErrorKind::limit,
                "the response is over " + human_bytes(request_.max_response_bytes),
                request_.url.origin());
  }
  const bool is_success = head_.status() >= 200 && head_.status() <= 299;
  if (request_.on_body && is_success) return request_.on_body(piece);
  body_ += piece;
  return {};
}

bool Exchange::is_taken(Result<void> result) {
  if (result) return true;
  error_ = std::move(result).error();
  return false;
}

IdleWatch Exchange::idle_watch() {
  return {.limit = milliseconds(timeout_ms(request_.idle_timeout)), .last_activity = [this] {
            curl_off_t uploaded = 0;
            curl_easy_getinfo(easy(), CURLINFO_SIZE_UPLOAD_T, &uploaded);
            // Until the connection stands the connect timeout rules.
            if (times_sent_ == 0 || uploaded != uploaded_) last_activity_ = steady_clock::now();
            uploaded_ = uploaded;
            return last_activity_;
          }};
}

HttpExchange Exchange::result(const TransferEnd& end) {
  if (end.is_cancelled || end.is_idle || end.code != CURLE_OK) return failure(end);
  if (!head_.is_complete()) {
    // libcurl takes the end of the connection for the end of the head.
    error_ = Error{ErrorKind::unavailable, "the connection ended inside the response's head"};
    return failure(end);
  }
  failpoint(failpoints::http_response);
  HttpResponse response{.status = head_.status(), .headers = head_.take_headers()};
  response.body = std::move(body_);
  response.peer = peer();
  return response;
}

HttpFailure Exchange::failure(const TransferEnd& end) {
  HttpFailure out{.error = {}, .may_have_acted = may_have_acted()};
  if (error_) {
    out.error = std::move(*error_);
  } else if (end.is_cancelled) {
    out.error = {ErrorKind::cancelled, "the request was cancelled"};
  } else if (end.is_idle) {
    out.error = {ErrorKind::timeout,
                 "no byte came for " + std::to_string(request_.idle_timeout.count()) + " ms"};
  } else if (refusal_ && dialled_ == 0) {
    out.error = std::move(*refusal_);
  } else {
    out.error = transport_error(end.code);
  }
  if (out.error.where.empty()) out.error.where = request_.url.origin();
  return out;
}

Error Exchange::transport_error(CURLcode code) const {
  return {kind_of(code), curl_error_text(code, error_text_), request_.url.origin(), hint_for(code)};
}

bool Exchange::may_have_acted() const {
  // Not connected: no byte of the request has left.
  if (times_sent_ == 0) return false;
  // What came of an earlier sending is no longer known; and who answers has seen a request.
  if (times_sent_ > 1 || head_.status() != 0) return true;
  // Both count what the kernel or TLS has taken, so the server has at most that. Less than the
  // whole body is an incomplete message, which a server must not act on (RFC 9112, section 8).
  long head_bytes = 0;
  curl_off_t body_bytes = 0;
  curl_easy_getinfo(easy(), CURLINFO_REQUEST_SIZE, &head_bytes);
  curl_easy_getinfo(easy(), CURLINFO_SIZE_UPLOAD_T, &body_bytes);
  return head_bytes > 0 && body_bytes >= static_cast<curl_off_t>(request_.body.size());
}

std::string Exchange::peer() const {
  const char* ip = nullptr;
  long port = 0;
  curl_easy_getinfo(easy(), CURLINFO_PRIMARY_IP, &ip);
  curl_easy_getinfo(easy(), CURLINFO_PRIMARY_PORT, &port);
  const std::string text = ip ? ip : "";
  const bool is_v6 = text.find(':') != std::string::npos;
  return (is_v6 ? "[" + text + "]" : text) + ":" + std::to_string(port);
}

}  // namespace deed
