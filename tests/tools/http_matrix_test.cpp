// Every fault at every stage of an exchange, and what http.request makes of it, against what the server really received. The one thing
// that must never be: "nothing happened" of a request that the server has whole. "unknown" of one that it has not is honest, where
// nobody on this side can tell.
#include "deed/tests/fakes/http_server.hpp"
#include "deed/tests/tools/tool_doubles.hpp"
#include "deed/tools/builtin.hpp"
#include "deed/tools/http_probe.hpp"

namespace deed {
namespace {

using fakes::HttpAction;
using fakes::HttpFault;
using fakes::HttpReply;
using fakes::HttpStage;
using testing::AnyOf;
using testing::HasSubstr;

// As the real one, only less patient.
class ImpatientClient final : public HttpClient {
 public:
  explicit ImpatientClient(asio::any_io_executor executor)
      : client_(make_http_client(std::move(executor), HttpSettings{})) {}
  asio::awaitable<HttpExchange> send(HttpRequest request) override {
    request.timeout = std::chrono::milliseconds(250);
    return client_->send(std::move(request));
  }

 private:
  std::unique_ptr<HttpClient> client_;
};

struct Seen {
  Outcome outcome;
  std::size_t received = 0;    ///< whole requests
  std::size_t connections = 0;
};

Seen exchange(const std::vector<HttpFault>& faults, const char* method, const std::string& body) {
  fakes::HttpServer server(faults, [](const fakes::SeenRequest&) { return HttpReply::ok("the answer"); });
  asio::io_context io;
  ImpatientClient client(io.get_executor());
  const EgressGuard guard({*AllowedHost::parse("127.0.0.1")});
  const Tool tool = http_request(client, guard);
  FakeContext ctx;
  Json arguments = {{"method", method}, {"url", server.url("/act")}};
  if (!body.empty()) arguments["body"] = body;
  Seen seen{run_async(io, tool.run(std::move(arguments), ctx))};
  server.stop();
  EXPECT_TRUE(server.wait_until_closed(server.connections()));
  seen.received = server.requests().size();
  seen.connections = server.connections();
  return seen;
}

constexpr OutcomeStatus succeeded = OutcomeStatus::succeeded, rejected = OutcomeStatus::rejected,
                        nothing_happened = OutcomeStatus::failed_without_effect, unknown = OutcomeStatus::unknown;

// Small enough that it leaves in one packet with the head; larger than any socket buffer.
const std::string small = "small body", huge(20'000'000, 'x');

class HttpMatrix : public testing::TestWithParam<std::tuple<HttpStage, HttpAction>> {};

INSTANTIATE_TEST_SUITE_P(Http, HttpMatrix,
                         testing::Combine(testing::Values(HttpStage::connect, HttpStage::head, HttpStage::body, HttpStage::reply,
                                                          HttpStage::status_line, HttpStage::headers, HttpStage::reply_body),
                                          testing::Values(HttpAction::close, HttpAction::reset, HttpAction::hang,
                                              HttpAction::garbage)),
                         [](const auto& made) {
                           return std::string(to_string(std::get<0>(made.param))) + "_" + to_string(std::get<1>(made.param));
                         });

// A body may be any bytes: there, garbage is an answer.
bool is_an_answer(HttpStage stage, HttpAction action) { return stage == HttpStage::reply_body && action == HttpAction::garbage; }

TEST_P(HttpMatrix, IsNeverTakenForNothingWhereTheServerHasTheWholeRequest) {
  const auto [stage, action] = GetParam();
  if (is_an_answer(stage, action)) return;
  for (const char* method : {"POST", "DELETE"}) {
    for (const std::string& body : {small, huge}) {
      const Seen seen = exchange({{.stage = stage, .action = action}}, method, body);
      SCOPED_TRACE(std::string(method) + " " + std::to_string(body.size()) + " bytes, received " + std::to_string(seen.received) + ": " +
                   testing::PrintToString(seen.outcome));
      EXPECT_EQ(seen.connections, 1u) << "sent once";
      const bool is_whole = seen.received > 0;
      EXPECT_EQ(is_whole, stage >= HttpStage::reply);
      EXPECT_NE(seen.outcome.status, succeeded) << "there was no whole answer";
      if (is_whole) {
        EXPECT_EQ(seen.outcome.status, unknown);
      } else if (body.size() == huge.size() && action != HttpAction::garbage) {
        EXPECT_EQ(seen.outcome.status, nothing_happened) << "most of it is still here";
      } else {
        EXPECT_THAT(seen.outcome.status, AnyOf(unknown, nothing_happened));
      }
    }
  }
}

TEST_P(HttpMatrix, OfAReadingMethodIsAPlainFailure) {
  const auto [stage, action] = GetParam();
  if (stage == HttpStage::body || is_an_answer(stage, action)) return;  // a GET has no body
  EXPECT_EQ(exchange({{.stage = stage, .action = action}}, "GET", "").outcome.status, nothing_happened);
}

TEST(HttpMatrix, ASlowServerIsNotABrokenOne) {
  for (const HttpStage stage : {HttpStage::reply, HttpStage::status_line, HttpStage::headers, HttpStage::reply_body}) {
    const Seen seen = exchange({{.stage = stage, .action = HttpAction::slow}}, "POST", small);
    EXPECT_THAT(seen.outcome, Ended(succeeded)) << to_string(stage);
    EXPECT_EQ(seen.received, 1u);
  }
}

TEST(HttpMatrix, AStatusSaysWhetherTheRequestWasCarriedOut) {
  const std::map<int, OutcomeStatus> expected = {{400, rejected}, {401, rejected}, {403, rejected}, {404, rejected}, {409,
      rejected},
                                                 {422, rejected}, {429, rejected}, {500, unknown},  {501, rejected}, {502, unknown},
                                                 {503, rejected}, {504, unknown},  {505, rejected}, {507, unknown},  {200,
                                                     succeeded}};
  for (const auto& [status, outcome] : expected) {
    const Seen seen = exchange({{.stage = HttpStage::reply, .action = HttpAction::status, .status = status}}, "POST", small);
    EXPECT_THAT(seen.outcome, Ended(outcome)) << status;
    EXPECT_EQ(seen.received, 1u);
  }
}

TEST(HttpMatrix, AStatusBeforeTheRequestWasReadIsARefusalToo) {
  const Seen seen = exchange({{.stage = HttpStage::body, .action = HttpAction::status, .status = 413}}, "POST",
      std::string(1000, 'x'));
  EXPECT_THAT(seen.outcome.status, AnyOf(rejected, unknown));
  EXPECT_EQ(seen.received, 0u);
}

class HttpDoubtTest : public testing::Test {
 protected:
  const HttpUrl request_ = *HttpUrl::parse("http://127.0.0.1:9/orders");
  Result<HttpDoubt> parse(const Json& given) { return parse_http_doubt(given, request_, "KEY"); }
  static HttpExchange answer(int status, std::string body) { return HttpResponse{.status = status, .headers = {},
      .body = std::move(body), .peer = ""}; }
};

TEST_F(HttpDoubtTest, PutsTheKeyIntoItsQuestion) {
  const auto doubt = parse({{"url", "http://127.0.0.1:9/orders?key={key}"}, {"contains", "\"{key}\""}});
  ASSERT_OK(doubt);
  EXPECT_EQ(doubt->probe->url.text(), "http://127.0.0.1:9/orders?key=KEY");
  EXPECT_EQ(doubt->probe->contains, "\"KEY\"");
  EXPECT_FALSE(doubt->is_keyed);
}

TEST_F(HttpDoubtTest, RefusesWhatItDoesNotKnowAndAnotherServer) {
  EXPECT_THAT(parse({{"url", "http://127.0.0.1:8/orders"}}), IsError(ErrorKind::invalid, HasSubstr("not the server")));
  EXPECT_THAT(parse({{"url", "nowhere"}}), IsError(ErrorKind::invalid));
  EXPECT_THAT(parse({{"keyed", "yes"}}), IsError(ErrorKind::invalid, HasSubstr("/if_in_doubt/keyed")));
  EXPECT_THAT(parse({{"keyed", true}, {"sure", true}}), IsError(ErrorKind::invalid, HasSubstr("sure")));
  EXPECT_THAT(parse({{"url", "http://127.0.0.1:9/"}, {"settle_s", 61}}), IsError(ErrorKind::invalid));
  EXPECT_THAT(parse(Json::object()), IsError(ErrorKind::invalid));
}

TEST_F(HttpDoubtTest, ConfirmsOnEvidenceAndRefutesOnlyByTheAuthorityBehindItsSettleTime) {
  using Verdict = ProbeResult::Verdict;
  HttpProbe probe = *parse({{"url", "http://127.0.0.1:9/o"}, {"contains", "42"}})->probe;
  EXPECT_EQ(verdict_of(probe, answer(200, "order 42"), false).verdict, Verdict::confirmed);
  for (const auto& [status, body] : {std::pair(200, "order 41"), std::pair(404, "42"), std::pair(410, "")}) {
    probe.is_authoritative = false;
    EXPECT_EQ(verdict_of(probe, answer(status, body), true).verdict, Verdict::undecided) << status;
    probe.is_authoritative = true;
    EXPECT_EQ(verdict_of(probe, answer(status, body), false).verdict, Verdict::undecided) << status;
    EXPECT_EQ(verdict_of(probe, answer(status, body), true).verdict, Verdict::refuted) << status;
  }
  for (const int status : {301, 400, 401, 403, 429, 500, 503}) EXPECT_EQ(verdict_of(probe, answer(status, "42"), true).verdict,
      Verdict::undecided) << status;
  EXPECT_EQ(verdict_of(probe, HttpFailure{Error{ErrorKind::timeout, "late"}, false}, true).verdict, Verdict::undecided);
  probe.contains.clear();
  EXPECT_EQ(verdict_of(probe, answer(204, ""), true).verdict, Verdict::confirmed);
}

TEST_F(HttpDoubtTest, DecidesTheClassOfTheCall) {
  FakeHttpClient client;
  const EgressGuard guard;
  const Tool tool = http_request(client, guard);
  Json call = {{"method", "POST"}, {"url", "https://example.org/a"}};
  EXPECT_EQ(effect_of(tool, call), EffectClass::once);
  call["if_in_doubt"] = {{"url", "https://example.org/a?k={key}"}};
  EXPECT_EQ(effect_of(tool, call), EffectClass::probeable);
  call["if_in_doubt"]["keyed"] = true;
  EXPECT_EQ(effect_of(tool, call), EffectClass::keyed);
  call["if_in_doubt"] = {{"url", "https://elsewhere.org/"}};
  EXPECT_EQ(effect_of(tool, call), EffectClass::once) << "what cannot be asked is not to be asked";
  call["method"] = "GET";
  EXPECT_EQ(effect_of(tool, call), EffectClass::idempotent);
}

TEST_F(HttpDoubtTest, StandsInThePreview) {
  FakeHttpClient client;
  const EgressGuard guard;
  FakeContext ctx;
  const Tool tool = http_request(client, guard);
  const Json call = {{"method", "POST"}, {"url", "https://example.org/a"}, {"if_in_doubt", {{"keyed", true}, {"url",
      "https://example.org/a?k={key}"}}}};
  const auto preview = tool.preview(call, ctx);
  ASSERT_OK(preview);
  EXPECT_THAT(preview->summary, HasSubstr("sent again if in doubt"));
  EXPECT_THAT(preview->summary, HasSubstr("asks https://example.org/a?k=" + ctx.effect_key()));
}

}  // namespace
}  // namespace deed
