#include "deed/net/smtp_session.hpp"

#include "deed/core/text.hpp"
#include "deed/net/mail_scan.hpp"
#include "deed/net/mail_url.hpp"

#include <algorithm>
#include <exception>
#include <sys/socket.h>
#include <unistd.h>

namespace deed {
namespace {

using Verdict = SmtpReceipt::Verdict;

constexpr std::size_t max_text_bytes = 2000;

// The path is the name in EHLO: the machine's own is nobody's business.
std::string curl_url(const SmtpServer& server) {
  return std::string(server.security == SmtpSecurity::tls ? "smtps://" : "smtp://") +
         authority_of(server.host, server.port) + "/localhost";
}

long tls_of(const SmtpServer& server) {
  if (server.security == SmtpSecurity::none) return CURLUSESSL_NONE;
  const bool may_be_plain = server.security == SmtpSecurity::starttls && is_loopback_host(server.host);
  return may_be_plain ? CURLUSESSL_TRY : CURLUSESSL_ALL;
}

// What to do about a delivery that did not come to the server's verdict.
const char* delivery_hint(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return ": check the mail server's name and the network";
    case CURLE_COULDNT_CONNECT:
      return ": check the mail server's host and port, and that it runs";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return ": give the authority that signed the certificate in SSL_CERT_FILE, or write "
             "smtp+insecure:// to do without encryption";
    case CURLE_SSL_CACERT_BADFILE:
      return ": check SSL_CERT_FILE, SSL_CERT_DIR and CURL_CA_BUNDLE";
    case CURLE_USE_SSL_FAILED:
      return ": the server offers no STARTTLS; write smtps:// if it speaks TLS from the start, or "
             "smtp+insecure:// to do without encryption";
    default:
      return "";
  }
}

}  // namespace

SmtpReceipt::Verdict smtp_verdict(bool is_ok, long last_code, bool is_handed_over) {
  if (is_ok) return Verdict::accepted;
  const long family = last_code / 100;
  if (family == 4) return Verdict::refused_for_now;
  if (family == 5) return Verdict::refused;
  if (!is_handed_over) return Verdict::not_sent;
  // The last reply is the one to DATA (354), or one behind the final dot. A 2xx there takes the
  // mail, whatever happened to the connection afterwards; all else says nothing.
  return family == 2 ? Verdict::accepted : Verdict::unknown;
}

std::string smtp_server_key(const SmtpServer& server) {
  // NUL is in none of the parts.
  std::string key = curl_url(server);
  for (const std::string& part :
       {std::to_string(tls_of(server)), server.user, server.password.reveal(), server.token.reveal()}) {
    (key += '\0') += part;
  }
  return key;
}

// One transfer and what its callbacks learn.
struct SmtpSession::Attempt {
  SmtpSession& session;
  SmtpJob& job;
  CurlEasy easy = {};
  CurlList recipients = {};
  CurlErrorText error_text = {};
  std::unique_ptr<ByteReader> reader = {};  // of the message, once it is asked for
  MailScan scan = {};                       // of what was handed over
  std::string unfit = {};                   // not empty: why this message is sent to nobody
  bool is_asked = false;        // for the commit
  bool is_handed_over = false;  // the end of the message too
  bool is_too_plain = false;    // the server, for these addresses
  std::string reply = {};       // the server's last one
  bool is_reply_complete = true;
  bool has_reply = false;  // the server said something, whatever it was
};

curl_socket_t SmtpSession::on_open(void* self, curlsocktype, curl_sockaddr* address) noexcept {
  auto& session = *static_cast<SmtpSession*>(self);
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  try {
    const std::lock_guard lock(session.mutex_);
    session.sockets_.insert(fd);
  } catch (const std::exception&) {
    ::close(fd);
    return CURL_SOCKET_BAD;
  }
  return fd;
}

int SmtpSession::on_close(void* self, curl_socket_t fd) noexcept {
  auto& session = *static_cast<SmtpSession*>(self);
  // Closed under the lock, so that cut() cannot meet a number that is somebody else's by then.
  const std::lock_guard lock(session.mutex_);
  session.sockets_.erase(fd);
  return ::close(fd);
}

// The next bytes of the message; none at its end. What is wrong with it stops it before that.
Result<std::size_t> SmtpSession::read_message(Attempt& attempt, std::span<char> out) {
  const SmtpTransaction& mail = attempt.job.mail();
  if (!attempt.reader) {
    DEED_TRY(attempt.reader, mail.message->open());
  }
  DEED_TRY(const std::size_t count, attempt.reader->read(out));
  attempt.scan.feed({out.data(), count});
  const auto bad = count > 0 ? attempt.scan.bad_byte() : attempt.scan.bad_byte_at_end();
  if (bad) return fail(ErrorKind::invalid, "the message has a line end that is not CRLF, or a NUL", "byte " + std::to_string(*bad));
  // More than was announced: libcurl would end the message by itself, without its commit point.
  const bool is_more = attempt.scan.size() > mail.message->size() || attempt.scan.dotted_lines() > mail.dotted_lines;
  const bool is_less = count == 0 && attempt.scan.size() < mail.message->size();
  if (is_more || is_less) return fail(ErrorKind::internal, "the message is not of the size that it was said to be");
  return count;
}

// The commit point. Until 0 is returned here libcurl does not know that the message has ended, so
// the final dot cannot be on the wire; the next thing it does is to write it.
std::size_t SmtpSession::on_read(char* out, std::size_t size, std::size_t n, void* self) noexcept try {
  auto& attempt = *static_cast<Attempt*>(self);
  const SmtpTransaction& mail = attempt.job.mail();
  // libcurl sends such an address to any server, which may then read it as anything.
  const bool is_ascii = mail.from.is_ascii() && mail.to.is_ascii();
  if (!is_ascii && !attempt.session.offers_smtputf8_) {
    attempt.is_too_plain = true;
    return CURL_READFUNC_ABORT;
  }
  if (attempt.is_handed_over) return 0;
  const Result<std::size_t> count = read_message(attempt, {out, size * n});
  if (!count) {
    attempt.unfit = to_string(count.error());
    return CURL_READFUNC_ABORT;
  }
  if (*count > 0) return *count;
  attempt.is_asked = true;
  if (!attempt.job.ask_commit()) return CURL_READFUNC_ABORT;
  attempt.is_handed_over = true;
  return 0;
} catch (const std::exception&) {
  return CURL_READFUNC_ABORT;
}

// Reply lines as they come: "250-SIZE 1000", "250 OK". The lines that answer AUTH with a challenge
// are not kept.
std::size_t SmtpSession::on_reply(char* data, std::size_t size, std::size_t n,
                                  void* self) noexcept {
  auto& attempt = *static_cast<Attempt*>(self);
  attempt.has_reply = true;
  try {
    const std::string_view line = trim({data, size * n});
    const bool is_about_mail = !line.starts_with("334") && !line.starts_with("221");
    // A greeting and the go-ahead for TLS void what was offered before (RFC 3207, section 4.2).
    if (line.starts_with("220")) attempt.session.offers_smtputf8_ = false;
    if (line.starts_with("250") &&
        lower_ascii(line.substr(std::min<std::size_t>(line.size(), 4))) == "smtputf8") {
      attempt.session.offers_smtputf8_ = true;
    }
    if (line.size() < 3 || !is_about_mail) return size * n;
    if (attempt.is_reply_complete) attempt.reply.clear();
    attempt.is_reply_complete = line.size() < 4 || line[3] != '-';
    if (attempt.reply.size() + line.size() > max_text_bytes) return size * n;
    if (!attempt.reply.empty()) attempt.reply += ' ';
    attempt.reply += line.size() > 4 ? line.substr(4) : "";
    return size * n;
  } catch (const std::exception&) {
    return size * n;
  }
}

SmtpReceipt SmtpSession::deliver(SmtpJob& job) {
  if (Result<void> ready = use_server(job.server()); !ready) {
    return {.verdict = Verdict::not_sent, .text = to_string(ready.error()), .is_silent = true};
  }
  job.set_cut([this] { cut(); });
  End end = attempt(job);
  // The server had closed the kept connection. Nothing was asked and nothing committed, so this is
  // still the first sending.
  if (end.may_be_stale && !job.is_stopped()) {
    close();
    if (use_server(job.server())) end = attempt(job);
  }
  job.set_cut({});
  return std::move(end.receipt);
}

// libcurl does not compare all that matters here before it uses a connection again, so each server
// has a handle of its own.
Result<void> SmtpSession::use_server(const SmtpServer& server) {
  const std::string key = smtp_server_key(server);
  if (multi_ && key == key_) return {};
  // Without QUIT: this mail does not wait for another server's goodbye.
  cut();
  close();
  DEED_TRY(CurlMulti made, open_curl_multi());
  const std::lock_guard lock(mutex_);
  multi_ = std::move(made);
  key_ = key;
  return {};
}

void SmtpSession::close() {
  CurlMulti old;
  {
    const std::lock_guard lock(mutex_);
    old = std::move(multi_);
  }
  // Outside of the lock: this waits for the answer to QUIT.
  old.reset();
}

void SmtpSession::cut() {
  const std::lock_guard lock(mutex_);
  for (const curl_socket_t fd : sockets_) ::shutdown(fd, SHUT_RDWR);
  if (multi_) curl_multi_wakeup(multi_.get());
}

SmtpSession::End SmtpSession::attempt(SmtpJob& job) {
  Attempt attempt{.session = *this, .job = job};
  if (Result<void> ready = set_up(attempt); !ready) {
    return {.receipt = {.verdict = Verdict::not_sent, .text = to_string(ready.error()), .is_silent = true}};
  }
  const CURLcode code = run(attempt.easy.get(), job);
  End end = judge(attempt, code);
  if (code != CURLE_OK) {
    // A late reply on this connection would be taken for the answer to the next mail.
    cut();
    attempt.easy.reset();
    close();
  }
  return end;
}

Result<void> SmtpSession::set_up(Attempt& attempt) {
  DEED_TRY(attempt.easy, open_curl_easy());
  CURL* easy = attempt.easy.get();
  const SmtpTransaction& mail = attempt.job.mail();
  if (!append(attempt.recipients, "<" + mail.to.text() + ">")) {
    return fail(ErrorKind::internal, "out of memory for a mail");
  }
  set_server(easy, attempt.job.server());
  const auto limit_ms = static_cast<long>(
      std::clamp<std::chrono::milliseconds::rep>(mail.timeout.count(), 1, 1'000'000'000));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, limit_ms);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, std::min(limit_ms, 30'000L));
  curl_easy_setopt(easy, CURLOPT_MAIL_FROM, ("<" + mail.from.text() + ">").c_str());
  curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, attempt.recipients.get());
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  // What the server is told as SIZE=. libcurl also counts the bytes it has sent, stuffed dots
  // included, against it, and ends the message by itself once they are as many, without asking
  // on_read again: that would pass over the commit point and cut messages with stuffed dots off.
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                   static_cast<curl_off_t>(mail.message->size() + mail.dotted_lines + 1));
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, &SmtpSession::on_read);
  curl_easy_setopt(easy, CURLOPT_READDATA, &attempt);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &SmtpSession::on_reply);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &attempt);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, attempt.error_text.data());
  return {};
}

void SmtpSession::set_server(CURL* easy, const SmtpServer& server) {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_URL, curl_url(server).c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_USE_SSL, tls_of(server));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set_trust(easy, trust_);
  if (!server.user.empty()) {
    curl_easy_setopt(easy, CURLOPT_USERNAME, server.user.c_str());
    const bool has_token = !server.token.empty();
    if (has_token) curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, server.token.reveal().c_str());
    else curl_easy_setopt(easy, CURLOPT_PASSWORD, server.password.reveal().c_str());
    // Otherwise a user that looks like ann@example.org makes libcurl try Kerberos first where the
    // server offers it.
    curl_easy_setopt(easy, CURLOPT_LOGIN_OPTIONS,
                     has_token ? "AUTH=OAUTHBEARER;AUTH=XOAUTH2" : "AUTH=PLAIN;AUTH=LOGIN;AUTH=CRAM-MD5");
  }
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &SmtpSession::on_open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &SmtpSession::on_close);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
}

CURLcode SmtpSession::run(CURL* easy, SmtpJob& job) {
  if (curl_multi_add_handle(multi_.get(), easy) != CURLM_OK) return CURLE_FAILED_INIT;
  std::optional<CURLcode> code;
  while (!code) {
    int running = 0, left = 0;
    curl_multi_perform(multi_.get(), &running);
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg == CURLMSG_DONE) code = message->data.result;
    }
    if (code) break;
    if (job.is_stopped())
      code = CURLE_ABORTED_BY_CALLBACK;
    else
      curl_multi_poll(multi_.get(), nullptr, 0, 1000, nullptr);
  }
  curl_multi_remove_handle(multi_.get(), easy);
  return *code;
}

SmtpSession::End SmtpSession::judge(const Attempt& attempt, CURLcode code) {
  CURL* easy = attempt.easy.get();
  // libcurl's count and not one of our own in on_reply: it leaves out what comes as answer to QUIT.
  long last_code = 0, new_connections = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &last_code);
  // A reply that broke off makes it 0 again; behind the message the last whole one was that to
  // DATA.
  if (last_code == 0 && attempt.is_handed_over) last_code = 354;
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &new_connections);
  End end;
  end.receipt.verdict = smtp_verdict(code == CURLE_OK, last_code, attempt.is_handed_over);
  end.receipt.code = static_cast<int>(last_code);
  end.receipt.is_silent = end.receipt.verdict == Verdict::not_sent && !attempt.has_reply;
  const bool is_servers_word = end.receipt.verdict == Verdict::accepted ||
                               end.receipt.verdict == Verdict::refused ||
                               end.receipt.verdict == Verdict::refused_for_now;
  end.receipt.text = is_servers_word && !attempt.reply.empty()
                         ? escaped(attempt.reply)
                         : curl_error_text(code, attempt.error_text) + delivery_hint(code);
  if (attempt.is_too_plain) {
    end.receipt.verdict = Verdict::refused;
    end.receipt.code = 0;  // the words are not the server's
    end.receipt.text = "the mail server takes no addresses beyond ASCII (it lacks SMTPUTF8)";
  }
  if (!attempt.unfit.empty() && end.receipt.verdict == Verdict::not_sent) {
    end.receipt.text = attempt.unfit;
    end.receipt.is_unfit = true;
  }
  if (attempt.job.is_stopped() && !is_servers_word) end.receipt.text = "the delivery was stopped";
  const bool is_goodbye = last_code == 0 || last_code == 421;
  end.may_be_stale = code != CURLE_OK && new_connections == 0 && is_goodbye && !attempt.is_asked;
  return end;
}

}  // namespace deed
