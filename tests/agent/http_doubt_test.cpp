// A run whose http.request is cut off: found out by its probe, or sent again where the receiver removes duplicates, without a person.
#include <filesystem>
#include <mutex>
#include <set>

#include "deed/agent/runner.hpp"
#include "deed/tests/fakes/http_server.hpp"
#include "deed/tests/fakes/run_async.hpp"
#include "deed/tests/fakes/scripted_model.hpp"
#include "deed/tests/memory/sqlite_fixture.hpp"
#include "deed/tools/builtin.hpp"

namespace deed {
namespace {

using fakes::HttpAction;
using fakes::HttpFault;
using fakes::HttpReply;
using fakes::HttpStage;

// Orders by key: POST adds one, GET /orders?key=KEY says whether it is there.
class Shop {
 public:
  explicit Shop(std::vector<HttpFault> faults)
      : server_(std::move(faults), [this](const fakes::SeenRequest& request) { return serve(request); }) {}
  fakes::HttpServer& server() { return server_; }
  std::size_t posts() const {
    const std::lock_guard lock(mutex_);
    return posts_;
  }
  std::size_t orders() const {
    const std::lock_guard lock(mutex_);
    return orders_.size();
  }

 private:
  HttpReply serve(const fakes::SeenRequest& request) {
    const std::lock_guard lock(mutex_);
    if (request.method == "POST") return ++posts_, orders_.insert(request.header("idempotency-key")), HttpReply::ok("ordered");
    const std::string key = request.target.substr(request.target.find('=') + 1);
    return orders_.contains(key) ? HttpReply::ok("order " + key) : HttpReply::status(404, "none");
  }

  mutable std::mutex mutex_;  // guards all below
  std::set<std::string> orders_;
  std::size_t posts_ = 0;
  fakes::HttpServer server_;
};

RunReport order(Shop& shop, const Json& if_in_doubt) {
  asio::io_context io;
  const auto client = make_http_client(io.get_executor(), HttpSettings{});
  const EgressGuard guard({*AllowedHost::parse("127.0.0.1")});
  Registry tools;
  EXPECT_OK(tools.add(http_request(*client, guard)));
  Json arguments = {{"method", "POST"}, {"url", shop.server().url("/orders")}, {"body", "{}"}};
  if (!if_in_doubt.is_null()) arguments["if_in_doubt"] = if_in_doubt;
  ScriptedModel model({ScriptedModel::calls("http.request", std::move(arguments)), ScriptedModel::says("done")});
  const SqliteBackend backend;
  const auto journal = backend.open();
  Observer observer;
  Policy policy;
  policy.allow.push_back(*AllowRule::parse("http.request:*"));
  Runner runner({*journal, model, tools, system_clock(), no_interaction(), observer, policy});
  const auto report = run_async(io, runner.start({.request = "order"}));
  EXPECT_OK(report);
  return report.value_or(RunReport{});
}

Json probe_of(Shop& shop, bool is_authoritative) {
  return {{"url", shop.server().url("/orders?key={key}")}, {"contains", "{key}"}, {"authoritative", is_authoritative}, {"settle_s", 0}};
}

const HttpFault lost_answer{.stage = HttpStage::reply, .action = HttpAction::close, .target = "/orders", .times = 1};
const HttpFault lost_request{.stage = HttpStage::connect, .action = HttpAction::close, .times = 1};

TEST(HttpDoubtRun, AnOrderWhoseAnswerIsLostIsFoundAndNotSentAgain) {
  Shop shop({lost_answer});
  EXPECT_EQ(order(shop, probe_of(shop, false)).status, RunStatus::done);
  EXPECT_EQ(shop.posts(), 1u);
}

TEST(HttpDoubtRun, AnOrderThatProvablyNeverCameIsSentAgain) {
  Shop shop({lost_request});
  const RunReport report = order(shop, probe_of(shop, true));
  EXPECT_EQ(report.status, RunStatus::done) << report.reason;
  EXPECT_EQ(shop.orders(), 1u);
}

TEST(HttpDoubtRun, AServerThatIsNotTheAuthorityDoesNotProveThatNothingCame) {
  Shop shop({lost_request});
  EXPECT_EQ(order(shop, probe_of(shop, false)).status, RunStatus::unknown);
  EXPECT_EQ(shop.orders(), 0u);
}

TEST(HttpDoubtRun, AReceiverThatRemovesDuplicatesIsSentTheOrderAgainWithItsKey) {
  Shop shop({lost_answer});
  EXPECT_EQ(order(shop, {{"keyed", true}}).status, RunStatus::done);
  EXPECT_EQ(shop.posts(), 2u);
  EXPECT_EQ(shop.orders(), 1u);
}

TEST(HttpDoubtRun, WithoutAWordAboutItAPersonIsAsked) {
  Shop shop({lost_answer});
  EXPECT_EQ(order(shop, nullptr).status, RunStatus::unknown);
  EXPECT_EQ(shop.posts(), 1u);
}

}  // namespace
}  // namespace deed
