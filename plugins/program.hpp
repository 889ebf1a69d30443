// One running program of tools: its streams, its messages, and who waits for which answer. Internal; loop thread only.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "deed/plugins/call_inbox.hpp"
#include "deed/plugins/child_process.hpp"
#include "deed/plugins/json_rpc.hpp"

namespace deed {

class Program : public std::enable_shared_from_this<Program> {
 public:
  /// log  gets what it writes to its standard error, and what it says that is no message
  /// errors  those of start_child
  static Result<std::shared_ptr<Program>> start(const asio::any_io_executor& executor, const ChildOptions& options,
                                                std::function<void(const std::string& line)> log);
  ~Program();

  /// Sends a request. Its result comes as an answer of `read`, what the program wants meanwhile as other messages.
  /// read  makes an answer of the result
  std::int64_t begin(const std::string& method, Json params, std::weak_ptr<CallInbox> inbox, std::function<PluginAnswer(const Json& result)> read,
                     bool is_call);
  /// The call is given up. A program that works on nothing else is ended: it may hang.
  void give_up(std::int64_t id);
  void notify(const std::string& method, Json params = Json::object());
  /// The id that the next request will have.
  std::int64_t next_id() const { return last_id_ + 1; }

  bool is_alive() const { return !broken_; }
  /// How often it has said that its list of tools is another now.
  std::int64_t list_changes() const { return list_changes_; }
  /// Why it is not alive.
  const Error& why() const { return *broken_; }
  void end(Error why);
  bool is_idle() const { return waiting_.empty(); }

 private:
  struct Waiting {
    std::weak_ptr<CallInbox> inbox;
    std::function<PluginAnswer(const Json& result)> read;
    bool is_call = false;
  };
  explicit Program(const asio::any_io_executor& executor) : input_(executor), output_(executor), errors_(executor), ended_(executor), grace_(executor) {}

  void read_output();
  void read_errors();
  void watch_end();
  void wait_for_end();
  void take_bytes(std::size_t count);
  void write();
  void wait_to_write();
  void take(const std::string& line);
  void take_request(const rpc::Request& request);
  void take_notification(const rpc::Notification& notification);
  void take_response(const rpc::Response& response);
  void send(const rpc::Message& message);
  void answer(const Json& id, Result<Json> result);
  void tell(const std::string& line);
  std::string last_words() const;

  std::optional<ChildProcess> child_;
  asio::posix::stream_descriptor input_, output_, errors_, ended_;
  asio::steady_timer grace_;
  std::function<void(const std::string& line)> log_;
  rpc::Lines lines_;
  std::string out_buffer_ = std::string(64u << 10, '\0'), error_buffer_ = std::string(4096, '\0');
  std::string said_;  // the end of its standard error
  std::deque<std::string> unsent_;
  std::size_t unsent_bytes_ = 0;
  std::size_t sent_of_front_ = 0;
  bool is_writing_ = false;
  std::map<std::int64_t, Waiting> waiting_;
  std::int64_t last_id_ = 0;
  std::int64_t strange_lines_ = 0;
  bool has_ended_ = false;
  bool hangs_ = false;  // a call was given up, and it has not answered it
  std::int64_t list_changes_ = 0;
  std::optional<Error> broken_;
};

}  // namespace deed
