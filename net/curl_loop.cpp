#include "deed/net/curl_loop.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <optional>

namespace deed {

using std::chrono::steady_clock;

// One socket that curl waits for. curl opens and closes it (its resolver has some of its own), so
// the descriptor is released, never closed. Owned by curl's pointer (`self`) and by the handlers
// that are under way.
struct CurlLoop::Watch {
  Watch(CurlLoop& owner, curl_socket_t socket)
      : loop(&owner), descriptor(owner.executor_), fd(socket) {}
  ~Watch() {
    if (descriptor.is_open()) descriptor.release();
  }

  CurlLoop* loop;  // null once curl has let go of the socket
  asio::posix::stream_descriptor descriptor;
  curl_socket_t fd;
  int wanted = 0;
  int pending = 0;
  std::shared_ptr<Watch> self;
};

struct CurlLoop::Transfer {
  Transfer(std::shared_ptr<CurlLoop> owner, CURL* handle)
      : loop(std::move(owner)), easy(handle), wake(loop->executor_) {}
  ~Transfer() { curl_multi_remove_handle(loop->multi_.get(), easy); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  std::shared_ptr<CurlLoop> loop;
  CURL* easy;
  asio::steady_timer wake;  // cancelled when `code` is there
  std::optional<CURLcode> code;
};

Result<std::shared_ptr<CurlLoop>> CurlLoop::open(asio::any_io_executor executor) {
  DEED_TRY(CurlMulti multi, open_curl_multi());
  std::shared_ptr<CurlLoop> loop(new CurlLoop(std::move(executor), std::move(multi)));
  return loop;
}

CurlLoop::CurlLoop(asio::any_io_executor executor, CurlMulti multi)
    : executor_(std::move(executor)), timer_(executor_), multi_(std::move(multi)) {
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &CurlLoop::on_socket);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &CurlLoop::on_timer);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
}

// Closes the kept connections; curl calls on_socket for each of them.
CurlLoop::~CurlLoop() { multi_.reset(); }

int CurlLoop::on_socket(CURL*, curl_socket_t fd, int what, void* self, void* watch) noexcept {
  try {
    return static_cast<CurlLoop*>(self)->watch_socket(fd, what, static_cast<Watch*>(watch));
  } catch (const std::exception&) {
    return -1;  // ends the transfers of this multi handle with an error
  }
}

int CurlLoop::watch_socket(curl_socket_t fd, int what, Watch* watch) {
  if (what == CURL_POLL_REMOVE) {
    if (!watch) return 0;
    curl_multi_assign(multi_.get(), fd, nullptr);
    const std::shared_ptr<Watch> last = std::move(watch->self);
    last->loop = nullptr;
    last->descriptor.release();
    return 0;
  }
  if (!watch) {
    auto made = std::make_shared<Watch>(*this, fd);
    boost::system::error_code ec;
    made->descriptor.assign(fd, ec);
    if (ec) return -1;
    watch = made.get();
    watch->self = std::move(made);
    curl_multi_assign(multi_.get(), fd, watch);
  }
  watch->wanted = what == CURL_POLL_INOUT ? CURL_POLL_IN | CURL_POLL_OUT : what;
  arm(watch->self);
  return 0;
}

void CurlLoop::arm(const std::shared_ptr<Watch>& watch) {
  if (watch->wanted & ~watch->pending & CURL_POLL_IN) wait_for(watch, CURL_POLL_IN);
  if (watch->wanted & ~watch->pending & CURL_POLL_OUT) wait_for(watch, CURL_POLL_OUT);
}

// One wait a direction; it is taken up again for as long as curl wants it, which makes Asio's
// readiness level-triggered.
void CurlLoop::wait_for(const std::shared_ptr<Watch>& watch, int direction) {
  const bool is_in = direction == CURL_POLL_IN;
  watch->pending |= direction;
  watch->descriptor.async_wait(
      is_in ? asio::posix::stream_descriptor::wait_read
            : asio::posix::stream_descriptor::wait_write,
      [watch, direction, is_in](const boost::system::error_code& ec) {
        watch->pending &= ~direction;
        if (!watch->loop || ec == asio::error::operation_aborted) return;
        if ((watch->wanted & direction) == 0) return;
        const std::shared_ptr<CurlLoop> loop = watch->loop->shared_from_this();
        loop->act(watch->fd, ec ? CURL_CSELECT_ERR : is_in ? CURL_CSELECT_IN : CURL_CSELECT_OUT);
        if (watch->loop) arm(watch);
      });
}

int CurlLoop::on_timer(CURLM*, long timeout_ms, void* self) noexcept {
  try {
    auto& loop = *static_cast<CurlLoop*>(self);
    if (timeout_ms < 0) {
      loop.timer_.cancel();
      return 0;
    }
    loop.timer_.expires_after(std::chrono::milliseconds(timeout_ms));
    loop.timer_.async_wait([weak = loop.weak_from_this()](const boost::system::error_code& ec) {
      const std::shared_ptr<CurlLoop> alive = weak.lock();
      if (!ec && alive) alive->act(CURL_SOCKET_TIMEOUT, 0);
    });
    return 0;
  } catch (const std::exception&) {
    return -1;
  }
}

void CurlLoop::act(curl_socket_t fd, int what) {
  int running = 0;
  curl_multi_socket_action(multi_.get(), fd, what, &running);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    Transfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    transfer->code = message->data.result;
    transfer->wake.cancel();
  }
}

asio::awaitable<TransferEnd> CurlLoop::perform(CURL* easy, IdleWatch watch) {
  const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none) {
    co_return TransferEnd{.is_cancelled = true};
  }
  Transfer transfer(shared_from_this(), easy);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
  if (curl_multi_add_handle(multi_.get(), easy) != CURLM_OK) {
    co_return TransferEnd{.code = CURLE_FAILED_INIT};
  }
  while (!transfer.code) {
    const steady_clock::time_point idle_at = watch.last_activity() + watch.limit;
    if (idle_at <= steady_clock::now()) co_return TransferEnd{.is_idle = true};
    transfer.wake.expires_at(idle_at);
    co_await transfer.wake.async_wait(asio::as_tuple(asio::use_awaitable));
    // A transfer that ended before the cancellation arrived has a result, and that is the truth.
    const bool is_cancelled = cancellation.cancelled() != asio::cancellation_type::none;
    if (is_cancelled && !transfer.code) co_return TransferEnd{.is_cancelled = true};
  }
  co_return TransferEnd{.code = *transfer.code};
}

}  // namespace deed
