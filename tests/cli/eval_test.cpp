// `deed eval`: rows are read strictly, replies are judged, and what came of it is told the same in every form.
#include <atomic>

#include "deed/cli/eval_chart.hpp"
#include "deed/cli/eval_judge.hpp"
#include "deed/cli/eval_report.hpp"
#include "deed/cli/eval_rows.hpp"
#include "deed/tests/cli/command_fixture.hpp"

namespace deed {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// One row with this expectation and two tools.
EvalRow row_expecting(const std::string& expect, const std::string& more = "") {
  const auto rows = parse_eval_rows(R"({"request": "x", "tools": [{"name": "mail"}, {"name": "look"}], "expect": )" + expect + more + "}");
  EXPECT_OK(rows);
  return rows ? rows->front() : EvalRow();
}
Reply saying(std::string text) { return {.text = std::move(text)}; }
Reply calling(std::vector<std::pair<std::string, Json>> calls) {
  Reply reply{.stop = StopReason::tool_calls};
  for (auto& [name, arguments] : calls) reply.tool_calls.push_back({"c" + std::to_string(reply.tool_calls.size()), name, arguments});
  return reply;
}
bool passes(const std::string& expect, const Reply& reply) { return judge_reply(row_expecting(expect), reply).empty(); }

TEST(EvalRows, HaveAllTheirFields) {
  const auto rows = parse_eval_rows(
      "\n"
      R"({"id": "a", "request": "What is on it?", "system": "Be short.", "attach": ["./pictures/cat.png"], "schema": {"type": "object"}, )"
      R"("tools": [{"name": "mail", "description": "Sends", "parameters": {"type": "object"}}], )"
      R"("expect": {"equals": "{}", "contains": "a", "lacks": ["b", "c"], "json": null, "calls": [{"name": "mail", "arguments": {"to": "x"}}], "refuses": true}})"
      "\r\n"
      R"({"request": "Now?", "tools": "builtin", "expect": {"calls": [{"name": "time.now"}]}})");
  ASSERT_OK(rows);
  ASSERT_THAT(*rows, SizeIs(2));
  const EvalRow& row = rows->front();
  EXPECT_EQ(row.id, "a");
  EXPECT_EQ(row.line, 2u);
  EXPECT_EQ(row.request, "What is on it?");
  EXPECT_EQ(row.system, "Be short.");
  EXPECT_THAT(row.attach, ElementsAre("pictures/cat.png"));
  EXPECT_EQ(row.schema->json(), (Json{{"type", "object"}}));
  EXPECT_EQ(row.tools.at(0).name, "mail");
  EXPECT_EQ(row.expect.equals, "{}");
  EXPECT_THAT(row.expect.contains, ElementsAre("a"));
  EXPECT_THAT(row.expect.lacks, ElementsAre("b", "c"));
  EXPECT_TRUE(row.expect.json && row.expect.json->is_null()) << "null is a value like others";
  EXPECT_EQ(row.expect.calls->at(0).arguments, (Json{{"to", "x"}}));
  EXPECT_TRUE(row.expect.refuses);
  EXPECT_EQ(rows->at(1).id, "line 3");
  EXPECT_TRUE(rows->at(1).has_builtin_tools);
}

TEST(EvalRows, AreRefusedWithTheLineAndThePlaceOfWhatIsWrong) {
  const auto refused = [](const std::string& line, const std::string& text, const std::string& where) {
    const auto rows = parse_eval_rows(R"({"request": "fine", "expect": {"equals": "x"}})" "\n" + line);
    EXPECT_THAT(rows, IsError(ErrorKind::invalid, AllOf(HasSubstr(text), HasSubstr("line 2" + where)))) << line;
  };
  refused("no json", "", ", byte");
  refused("[1]", "no JSON object", "");
  refused(R"({"request": "a", "expects": {}})", "expects", "");
  refused(R"({"expect": {"equals": "a"}})", "without a request", "");
  refused(R"({"request": "", "expect": {"equals": "a"}})", "empty", ", /request");
  refused(R"({"request": "a"})", "nothing is expected", "");
  refused(R"({"request": "a", "expect": {}})", "nothing is expected", ", /expect");
  refused(R"({"request": "a", "expect": {"contain": "b"}})", "contain", ", /expect");
  refused(R"({"request": "a", "expect": {"contains": ["b", 7]}})", "no text", ", /expect/contains/1");
  refused(R"({"request": "a", "expect": {"contains": ""}})", "empty", ", /expect/contains");
  refused(R"({"request": "a", "expect": {"refuses": false}})", "not true", ", /expect/refuses");
  refused(R"({"request": "a", "expect": {"calls": [{"name": "b"}]}})", "does not offer", ", /expect/calls/0");
  refused(R"({"request": "a", "tools": [{"name": "b"}], "expect": {"calls": [{"name": "b", "arguments": []}]}})", "no JSON object", ", /expect/calls/0/arguments");
  refused(R"({"request": "a", "tools": "all", "expect": {"calls": []}})", "builtin", ", /tools");
  refused(R"({"request": "a", "tools": [{"name": "b"}, {"name": "b"}], "expect": {"calls": []}})", "second tool", ", /tools/1");
  refused(R"({"request": "a", "schema": {"type": "nothing"}})", "", ", /schema");
  refused(R"({"id": "line 1", "request": "a", "expect": {"equals": "a"}})", "second row", "");
}

TEST(EvalRows, AttachNothingOutsideOfTheirFolder) {
  for (const char* path : {"../a.png", "/etc/a.png", "a/../../b.png"}) {
    const auto rows = parse_eval_rows(R"({"request": "a", "expect": {"equals": "a"}, "attach": [")" + std::string(path) + "\"]}");
    EXPECT_THAT(rows, IsError(ErrorKind::denied)) << path;
  }
}

TEST(EvalRows, HaveLimits) {
  const std::string line = R"({"request": "a", "expect": {"contains": ["a", "b"]}})";
  EXPECT_THAT(parse_eval_rows(line, {.max_line_bytes = 20}), IsError(ErrorKind::limit, HasSubstr("line 1")));
  EXPECT_THAT(parse_eval_rows(line + "\n" + line, {.max_rows = 1}), IsError(ErrorKind::limit, HasSubstr("line 2")));
  EXPECT_THAT(parse_eval_rows(line, {.max_items = 1}), IsError(ErrorKind::limit, HasSubstr("/expect/contains")));
  EXPECT_THAT(parse_eval_rows("\n \n"), IsError(ErrorKind::invalid, HasSubstr("no rows")));
}

TEST(EvalRows, CutAtAnyByteAreAnErrorOrNothing) {
  const std::string line = R"({"id": "ü", "request": "a", "tools": [{"name": "b"}], "expect": {"calls": [{"name": "b", "arguments": {"c": 1}}]}})";
  for (std::size_t i = 0; i < line.size(); ++i) EXPECT_FALSE(parse_eval_rows(line.substr(0, i))) << i;
  EXPECT_OK(parse_eval_rows(line));
}

TEST(EvalRows, OfTheDocumentationAreGood) {
  std::ostringstream page;
  page << std::ifstream(DEED_SOURCE_DIR "/docs/eval.md").rdbuf();
  const std::string text = page.str(), begin = "```json\n";
  const std::size_t at = text.find(begin);
  ASSERT_NE(at, std::string::npos);
  const std::size_t from = at + begin.size();
  const auto rows = parse_eval_rows(text.substr(from, text.find("```", from) - from));
  ASSERT_OK(rows);
  EXPECT_THAT(*rows, SizeIs(5));
}

TEST(EvalJudge, ComparesTheTextWithoutBlanksAroundIt) {
  EXPECT_TRUE(passes(R"({"equals": "Bern"})", saying("Bern\n")));
  EXPECT_FALSE(passes(R"({"equals": "Bern"})", saying("Bern.")));
  EXPECT_FALSE(passes(R"({"equals": "Bern"})", saying("bern")));
}

TEST(EvalJudge, LooksForAllTexts) {
  EXPECT_TRUE(passes(R"({"contains": ["a", "b"], "lacks": "c"})", saying("b and a")));
  EXPECT_THAT(judge_reply(row_expecting(R"({"contains": ["a", "x"], "lacks": ["b"]})"), saying("b and a")),
              ElementsAre(R"(wanted a text with "x"; came "b and a")", R"(wanted a text without "b"; came "b and a")"));
}

TEST(EvalJudge, ComparesJsonWhateverTheOrderOfItsMembers) {
  EXPECT_TRUE(passes(R"({"json": {"a": 1, "b": [{"c": null, "d": 2}]}})", saying(R"( {"b": [{"d": 2.0, "c": null}], "a": 1} )")));
  EXPECT_FALSE(passes(R"({"json": {"a": [1, 2]}})", saying(R"({"a": [2, 1]})")));
  EXPECT_FALSE(passes(R"({"json": {"a": 1}})", saying(R"({"a": 1, "b": 2})")));
  EXPECT_FALSE(passes(R"({"json": {"a": 1, "b": 2}})", saying(R"({"a": 1})")));
  EXPECT_FALSE(passes(R"({"json": {"a": 1}})", saying(R"({"a": "1"})")));
  EXPECT_FALSE(passes(R"({"json": null})", saying("")));
}

TEST(EvalJudge, WantsTheCallsInAnyOrderAndNoOthers) {
  const std::string expect = R"({"calls": [{"name": "mail", "arguments": {"to": "ann"}}, {"name": "look"}]})";
  EXPECT_TRUE(passes(expect, calling({{"look", {{"at", "x"}}}, {"mail", {{"to", "ann"}, {"text", "free"}}}})));
  EXPECT_FALSE(passes(expect, calling({{"mail", {{"to", "ann"}}}})));
  EXPECT_FALSE(passes(expect, calling({{"look", Json::object()}, {"mail", {{"to", "bob"}}}})));
  EXPECT_FALSE(passes(expect, calling({{"look", Json::object()}, {"look", Json::object()}, {"mail", {{"to", "ann"}}}})));
  EXPECT_FALSE(passes(R"({"calls": []})", calling({{"look", Json::object()}})));
  EXPECT_TRUE(passes(R"({"calls": []})", saying("no")));
}

TEST(EvalJudge, PairsCallsWhereTheFirstFitWouldTakeAnothersPlace) {
  const std::string expect = R"({"calls": [{"name": "mail"}, {"name": "mail", "arguments": {"to": "ann"}}]})";
  EXPECT_TRUE(passes(expect, calling({{"mail", {{"to", "ann"}}}, {"mail", {{"to", "bob"}}}})));
  EXPECT_TRUE(passes(expect, calling({{"mail", {{"to", "bob"}}}, {"mail", {{"to", "ann"}}}})));
  EXPECT_FALSE(passes(expect, calling({{"mail", {{"to", "bob"}}}, {"mail", {{"to", "eve"}}}})));
}

TEST(EvalJudge, TakesNoCallWhoseArgumentsAreNoJson) {
  Reply reply = calling({{"look", Json::object()}});
  reply.bad_arguments.emplace_back("c0", "{\"at\":");
  EXPECT_THAT(judge_reply(row_expecting(R"({"calls": [{"name": "look"}]})"), reply), ElementsAre(HasSubstr("no JSON")));
}

TEST(EvalJudge, KnowsARefusalByTheReasonForWhichTheReplyEnded) {
  EXPECT_TRUE(passes(R"({"refuses": true})", {.text = "", .stop = StopReason::refused}));
  EXPECT_FALSE(passes(R"({"refuses": true})", saying("I had rather not.")));
}

TEST(EvalJudge, ChecksTheSchemaOfWhatIsNeitherCallNorRefusal) {
  const std::string schema = R"(, "schema": {"type": "object", "required": ["city"]})";
  EXPECT_THAT(judge_reply(row_expecting(R"({"contains": "a"})", schema), saying(R"({"a": 1})")), ElementsAre(HasSubstr("city")));
  EXPECT_THAT(judge_reply(row_expecting(R"({"contains": "a"})", schema), saying(R"({"city": "a"})")), IsEmpty());
  EXPECT_THAT(judge_reply(row_expecting(R"({"contains": "a"})", schema), saying("a")), SizeIs(1));
  EXPECT_THAT(judge_reply(row_expecting(R"({"calls": [{"name": "look"}]})", schema), calling({{"look", Json::object()}})), IsEmpty());
}

TEST(EvalJudge, CutsWhatItShows) {
  const auto problems = judge_reply(row_expecting(R"({"equals": "x"})"), saying(std::string(100'000, 'y') + "\n\x1b[2J"));
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_LT(problems[0].size(), 1000u);
  EXPECT_THAT(judge_reply(row_expecting(R"({"equals": "x"})"), saying("y\n\x1b[2J"))[0], Not(AnyOf(HasSubstr("\n"), HasSubstr("\x1b"))));
}

// By a search for the shares at which the normal test of `passed` of `total` just does not reject: what the interval means.
Interval interval_by_search(double passed, double total) {
  const auto is_inside = [&](double share) {
    const double difference = passed / total - share;
    return difference * difference * total <= 1.959963984540054 * 1.959963984540054 * share * (1 - share);
  };
  constexpr int steps = 100'000;
  Interval out{1, 0};
  for (int i = 0; i <= steps; ++i) {
    const double share = static_cast<double>(i) / steps;
    if (is_inside(share)) out = {std::min(out.low, share), std::max(out.high, share)};
  }
  return out;
}

TEST(EvalReport, IntervalHoldsTheSharesThatATestDoesNotReject) {
  for (const std::size_t total : {1u, 2u, 7u, 40u}) {
    for (std::size_t passed = 0; passed <= total; ++passed) {
      const Interval got = wilson_interval(passed, total), searched = interval_by_search(static_cast<double>(passed), static_cast<double>(total));
      EXPECT_NEAR(got.low, searched.low, 2e-5) << passed << "/" << total;
      EXPECT_NEAR(got.high, searched.high, 2e-5) << passed << "/" << total;
    }
  }
  EXPECT_EQ(wilson_interval(0, 0).low, 0);
  EXPECT_EQ(wilson_interval(0, 0).high, 1);
}

TEST(EvalReport, PercentilesAreValuesThatWereSeen) {
  EXPECT_EQ(percentile({}, 0.95), std::nullopt);
  EXPECT_EQ(percentile({7}, 0.95), 7);
  EXPECT_EQ(percentile({3, 1, 2}, 0.5), 2);
  std::vector<std::int64_t> hundred;
  for (std::int64_t i = 100; i > 0; --i) hundred.push_back(i);
  EXPECT_EQ(percentile(hundred, 0.95), 95);
  EXPECT_EQ(percentile(hundred, 0), 1);
}

TEST(EvalReport, NumbersHaveTwoDigitsThatCount) {
  EXPECT_EQ(cost_text({}), "-");
  EXPECT_EQ(cost_text(0), "$0");
  EXPECT_EQ(cost_text(12.345), "$12.35");
  EXPECT_EQ(cost_text(0.0451), "$0.045");
  EXPECT_EQ(cost_text(0.000123), "$0.00012");
  EXPECT_EQ(time_text(850), "850 ms");
  EXPECT_EQ(time_text(12'340), "12.3 s");
}

// Two models on three rows: one that is priced, one that is not and failed twice.
Evaluation two_models() {
  const auto outcome = [](std::string id, RowStatus status, double usd, std::int64_t ms) {
    RowOutcome out{.id = std::move(id), .line = 1, .status = status, .latency_ms = ms};
    if (status == RowStatus::failed) out.problems = {"wanted the text \"<b>\"; came \"&\""};
    if (status == RowStatus::error) out.problems = {"the server is gone"};
    else out.reply = {.text = "t", .usage = {.input = 100, .cached = 40, .output = 10, .reasoning = 4}, .cost_usd = usd};
    return out;
  };
  ModelOutcomes first{.name = "good", .model = "openai:good", .has_price = true};
  first.rows = {outcome("a", RowStatus::passed, 0.01, 100), outcome("b", RowStatus::passed, 0.03, 300), outcome("c", RowStatus::failed, 0.02, 200)};
  ModelOutcomes second{.name = "http://h/v1#<x>&\"y\"", .model = "http://h/v1#<x>&\"y\""};
  second.rows = {outcome("a", RowStatus::passed, 0, 50), outcome("b", RowStatus::error, 0, 9000), outcome("c", RowStatus::error, 0, 9000)};
  ModelOutcomes third{.name = "none", .model = "none", .problem = "no such provider"};
  return {.file = "cases.jsonl", .rows = 3, .models = {first, second, third}};
}

TEST(EvalReport, SummaryLeavesFailedRequestsOutOfCostAndTime) {
  const Evaluation evaluation = two_models();
  const ModelSummary good = summarise(evaluation.models[0]), bad = summarise(evaluation.models[1]);
  EXPECT_EQ(good.passed, 2u);
  EXPECT_EQ(good.failed, 1u);
  EXPECT_NEAR(good.cost_usd.value(), 0.06, 1e-12);
  EXPECT_NEAR(good.cost_usd_per_row.value(), 0.02, 1e-12);
  EXPECT_EQ(good.usage, (TokenUsage{.input = 300, .cached = 120, .output = 30, .reasoning = 12}));
  EXPECT_EQ(good.median_ms, 200);
  EXPECT_EQ(good.p95_ms, 300);
  EXPECT_EQ(bad.errors, 2u);
  EXPECT_EQ(bad.median_ms, 50);
  EXPECT_EQ(bad.cost_usd, std::nullopt) << "a price that is not known is not 0";
}

TEST(EvalReport, TableHasAlignedColumnsAndSaysWhatWasNotAsked) {
  Evaluation evaluation = two_models();
  evaluation.stopped = "it was interrupted";
  const std::string table = table_text(evaluation);
  std::istringstream lines(table);
  std::string head, first, second;
  std::getline(lines, head), std::getline(lines, first), std::getline(lines, second);
  EXPECT_EQ(head.size(), first.size());
  EXPECT_EQ(head.size(), second.size());
  EXPECT_THAT(first, AllOf(HasSubstr("2/3"), HasSubstr("67%"), HasSubstr("21% to 94%"), HasSubstr("$0.060"), HasSubstr("200 ms")));
  EXPECT_THAT(table, AllOf(HasSubstr("none: not asked: no such provider"), HasSubstr("Not all was asked: it was interrupted")));
  EXPECT_THAT(failures_text(evaluation), AllOf(HasSubstr("good: 1 row did not pass\n  c (line 1)\n    wanted the text \"<b>\"; came \"&\""),
                                               HasSubstr("b (line 1), no answer\n    the server is gone")));
}

TEST(EvalChart, IsWellFormedWhateverTheNamesAre) {
  Evaluation evaluation = two_models();
  evaluation.models[0].name = "<script>alert('1')</script>\x01\xff\xEF\xBF\xBE]]>";
  for (const std::string& text : {chart_svg(evaluation), chart_html(evaluation)}) {
    EXPECT_THAT(text, AllOf(HasSubstr("&lt;script&gt;"), Not(HasSubstr("<script")), Not(HasSubstr("\x01")), Not(HasSubstr("\xff")),
                            Not(HasSubstr("\xEF\xBF\xBE")), HasSubstr("67%"), HasSubstr("$0.020"), HasSubstr("200 ms"), HasSubstr("not asked")));
    EXPECT_THAT(text, Not(AnyOf(HasSubstr("nan"), HasSubstr("inf\""), HasSubstr("href"), HasSubstr("src="))));
  }
}

TEST(EvalChart, ElementsAreClosedInTheOrderInWhichTheyWereOpened) {
  const std::string svg = chart_svg(two_models());
  std::vector<std::string> open;
  for (std::size_t at = 0; (at = svg.find('<', at)) != std::string::npos; ++at) {
    const std::size_t end = svg.find('>', at);
    ASSERT_NE(end, std::string::npos);
    const std::string tag = svg.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(0, tag.find(' '));
    if (tag.ends_with('/')) continue;
    if (!tag.starts_with('/')) {
      open.push_back(name);
      continue;
    }
    ASSERT_FALSE(open.empty()) << tag;
    EXPECT_EQ(name, "/" + open.back());
    open.pop_back();
  }
  EXPECT_THAT(open, IsEmpty());
}

class EvalTest : public CommandTest {
 protected:
  static fakes::HttpReply says_for(const char* words, int input, int output) {
    const Json chunk = {{"choices", Json::array({{{"index", 0}, {"delta", {{"content", words}}}, {"finish_reason", "stop"}}})},
                        {"usage", {{"prompt_tokens", input}, {"completion_tokens", output}, {"total_tokens", input + output}}}};
    return fakes::HttpReply::ok("data: " + to_text(chunk) + "\n\ndata: [DONE]\n\n", "text/event-stream");
  }
  static fakes::HttpServer::Handler knows_the_capital() {
    return [](const fakes::SeenRequest& request) {
      return request.body.find("Switzerland") != std::string::npos ? says_for("Bern", 20, 2) : calls("mail", {{"to", "ann@example.org"}, {"text", "hi"}});
    };
  }
  static std::string rows() {
    return R"({"id": "capital", "request": "The capital of Switzerland?", "expect": {"contains": "Bern"}})" "\n"
           R"({"id": "mail", "request": "Greet Ann.", "tools": [{"name": "mail"}], "expect": {"calls": [{"name": "mail", "arguments": {"to": "ann@example.org"}}]}})" "\n";
  }
  void configure(const std::string& toml) {
    std::filesystem::create_directories(folder_ / "config" / "deed");
    put("config/deed/config.toml", toml);
  }
};

TEST_F(EvalTest, ComparesTwoModelsOnTheSameRows) {
  fakes::HttpServer good(knows_the_capital());
  fakes::HttpServer bad([](const fakes::SeenRequest&) { return says("Geneva"); });
  put("cases.jsonl", rows());
  const Ended ended = deed({"eval", file("cases.jsonl"), "--models", model_at(good) + "," + model_at(bad), "--verbose"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, AllOf(HasSubstr("2/2"), HasSubstr("0/2"), HasSubstr("capital (line 1)\n    wanted a text with \"Bern\"; came \"Geneva\"")));
  EXPECT_EQ(ended.err, "") << "no progress without a terminal";
  EXPECT_EQ(good.requests().size(), 2u);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "home" / "journal.db")) << "nothing runs";
}

TEST_F(EvalTest, TellsEveryRowInJson) {
  fakes::HttpServer good(knows_the_capital());
  put("cases.jsonl", rows());
  const Ended ended = deed({"eval", "--json", file("cases.jsonl"), "--models", model_at(good) + ",nobody:x", "--models", "nobody either"});
  EXPECT_EQ(ended.code, 1) << "a model could not be opened";
  const Json document = ended.json();
  EXPECT_EQ(document["version"], 1);
  EXPECT_EQ(document["exit_code"], 1);
  ASSERT_EQ(document["models"].size(), 3u) << ended.out;
  const Json& first = document["models"][0];
  EXPECT_EQ(first["passed"], 2);
  EXPECT_TRUE(first["cost_usd"].is_null());
  EXPECT_EQ(first["tokens"]["input"], 20);
  EXPECT_EQ(first["rows"][0]["id"], "capital");
  EXPECT_EQ(first["rows"][0]["text"], "Bern");
  EXPECT_EQ(first["rows"][1]["calls"][0]["arguments"]["text"], "hi");
  for (const int i : {1, 2}) {
    EXPECT_NE(string_at(document["models"][i], "problem"), "");
    EXPECT_TRUE(document["models"][i]["success"].is_null());
  }
}

TEST_F(EvalTest, SendsSystemToolsSchemaAndPicture) {
  fakes::HttpServer server([](const fakes::SeenRequest&) { return says("{\"cats\":2}"); });
  put("cat.png", "\x89PNG\r\n\x1A\n and more");
  put("cases.jsonl", R"({"request": "How many cats?", "system": "Count.", "attach": ["cat.png"], "tools": [{"name": "zoom", "description": "Closer"}], )"
                     R"("schema": {"type": "object", "properties": {"cats": {"type": "integer"}}}, "expect": {"json": {"cats": 2}}})");
  const Ended ended = deed({"eval", "--json", file("cases.jsonl"), "--models", model_at(server), "--max-tokens", "77"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(ended.json()["models"][0]["passed"], 1);
  ASSERT_THAT(server.requests(), SizeIs(1));
  EXPECT_THAT(server.requests()[0].body, AllOf(HasSubstr("Count."), HasSubstr("zoom"), HasSubstr("integer"), HasSubstr("image/png"), HasSubstr("77")));
}

TEST_F(EvalTest, OffersTheBuiltinTools) {
  fakes::HttpServer server([](const fakes::SeenRequest&) { return calls("time__now", Json::object()); });
  put("cases.jsonl", R"({"request": "What time is it?", "tools": "builtin", "expect": {"calls": [{"name": "time.now"}]}})");
  const Ended ended = deed({"eval", "--json", file("cases.jsonl"), "--models", model_at(server)});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.json()["models"][0]["passed"], 1) << ended.out;
  EXPECT_THAT(server.requests().at(0).body, HasSubstr("email__send"));
  put("cases.jsonl", R"({"request": "What time is it?", "tools": "builtin", "expect": {"calls": [{"name": "time.then"}]}})");
  const Ended refused = deed({"eval", file("cases.jsonl"), "--models", model_at(server)});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("time.then"), HasSubstr("line 1")));
}

TEST_F(EvalTest, AsksEachRowAgainAndOnlyTheFirstOnes) {
  std::atomic<int> count = 0;
  fakes::HttpServer server([&](const fakes::SeenRequest&) { return says(++count % 2 == 1 ? "Bern" : "Basel"); });
  put("cases.jsonl", rows());
  const Ended ended = deed({"eval", "--json", file("cases.jsonl"), "--models", model_at(server), "--repeat", "4", "--limit", "1"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  const Json model = ended.json()["models"][0];
  EXPECT_EQ(model["asked"], 4);
  EXPECT_EQ(model["passed"], 2);
  EXPECT_EQ(model["rows"][3]["attempt"], 4);
}

TEST_F(EvalTest, StopsBeforeTheCostMightBePassed) {
  fakes::HttpServer server([](const fakes::SeenRequest&) { return says_for("Bern", 100, 1000); });
  configure("[alias]\nfast = \"" + model_at(server) + "\"\nslow = \"" + model_at(server) + "\"\n[models.\"http:\"]\ninput = 1\noutput = 1000\n");
  std::string many;
  for (int i = 0; i < 5; ++i) many += R"({"request": "Switzerland?", "expect": {"equals": "Bern"}})" "\n";
  put("cases.jsonl", many);
  // A reply costs a dollar, and may cost two.
  const Ended ended = deed({"eval", "--json", file("cases.jsonl"), "--models", "fast,slow", "--max-cost", "4.5"});
  EXPECT_EQ(ended.code, 5) << ended.out << ended.err;
  const Json document = ended.json();
  ASSERT_EQ(document["models"].size(), 2u) << "aliases are names of their own";
  EXPECT_EQ(document["models"][0]["asked"], 2);
  EXPECT_EQ(document["models"][1]["asked"], 1);
  EXPECT_NEAR(document["models"][0]["cost_usd"].get<double>(), 2.0002, 1e-9);
  EXPECT_THAT(string_at(document, "stopped"), HasSubstr("--max-cost"));
}

TEST_F(EvalTest, TakesAMisspeltAliasForAModelOfItsOwn) {
  fakes::HttpServer server([](const fakes::SeenRequest&) { return says("Bern"); });
  configure("[alias]\nfast = \"" + model_at(server) + "\"\n");
  put("cases.jsonl", rows());
  const Json document = deed({"eval", "--json", file("cases.jsonl"), "--models", "fast,fats", "--models", model_at(server) + ",v2"}).json();
  std::vector<std::string> names;
  for (const Json& model : document["models"]) names.push_back(string_at(model, "name"));
  EXPECT_THAT(names, ElementsAre("fast", "fats", model_at(server) + ",v2"));
  EXPECT_NE(string_at(document["models"][1], "problem"), "");
}

TEST_F(EvalTest, CountsAProvidersErrorAndGivesUpWhereNothingElseComes) {
  fakes::HttpServer refusing([](const fakes::SeenRequest&) { return fakes::HttpReply::status(401, R"({"error": {"message": "bad key"}})"); });
  fakes::HttpServer good([](const fakes::SeenRequest&) { return says("Bern"); });
  std::string many;
  for (int i = 0; i < 9; ++i) many += R"({"request": "Switzerland?", "expect": {"equals": "Bern"}})" "\n";
  put("cases.jsonl", many);
  const Ended ended = deed({"eval", "--json", file("cases.jsonl"), "--models", model_at(refusing) + "," + model_at(good)});
  EXPECT_EQ(ended.code, 1);
  const Json models = ended.json()["models"];
  EXPECT_EQ(models[0]["errors"], 5);
  EXPECT_THAT(string_at(models[0], "problem"), HasSubstr("5 times"));
  EXPECT_EQ(models[0]["rows"][0]["status"], "error");
  EXPECT_EQ(models[1]["passed"], 9);
}

TEST_F(EvalTest, WritesTheChartAsPictureAndPage) {
  fakes::HttpServer good(knows_the_capital());
  put("cases.jsonl", rows());
  const Ended ended = deed({"eval", file("cases.jsonl"), "--models", model_at(good), "--chart", file("a.svg"), "--chart", file("a.html")});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(text("a.svg"), AllOf(testing::StartsWith("<svg "), HasSubstr("100%"), testing::EndsWith("</svg>\n")));
  EXPECT_THAT(text("a.html"), AllOf(testing::StartsWith("<!DOCTYPE html>"), HasSubstr("<svg "), HasSubstr("<td>2/2</td>")));
}

TEST_F(EvalTest, AsksNothingWhereTheFileOrTheChartIsWrong) {
  fakes::HttpServer server([](const fakes::SeenRequest&) { return says("Bern"); });
  put("cases.jsonl", rows());
  put("wrong.jsonl", rows() + "{\"request\": \"a\", \"expect\": {\"is\": 1}}\n");
  put("no.png", "text");
  put("attach.jsonl", R"({"request": "a", "expect": {"equals": "a"}, "attach": ["no.png"]})");
  put("absent.jsonl", R"({"request": "a", "expect": {"equals": "a"}, "attach": ["absent.png"]})");
  std::filesystem::create_directories(folder_ / "cases");
  put("secret.png", "\x89PNG\r\n\x1A\n");
  std::filesystem::create_symlink(folder_ / "secret.png", folder_ / "cases" / "link.png");
  put("cases/link.jsonl", R"({"request": "a", "expect": {"equals": "a"}, "attach": ["link.png"]})");
  const auto refused = [&](std::vector<std::string> arguments, const char* why) {
    arguments.insert(arguments.begin(), {"eval", "--models", model_at(server)});
    const Ended ended = deed(arguments);
    EXPECT_EQ(ended.code, 2) << why << ended.out;
    EXPECT_THAT(ended.err, HasSubstr(why));
  };
  refused({file("wrong.jsonl")}, "wrong.jsonl: line 3, /expect");
  refused({file("attach.jsonl")}, "attach.jsonl: line 1, /attach");
  refused({file("absent.jsonl")}, "absent.png");
  refused({file("cases/link.jsonl")}, "outside");
  refused({file("nothing.jsonl")}, "cannot be read");
  refused({file("cases.jsonl"), "--chart", "a.png"}, ".svg");
  refused({file("cases.jsonl"), "--chart", "nowhere/a.svg"}, "folder");
  EXPECT_THAT(server.requests(), IsEmpty());
}

TEST_F(EvalTest, TellsWhatItHasWhenItIsInterrupted) {
  std::atomic<int> count = 0;
  fakes::HttpServer server([&](const fakes::SeenRequest&) { return ++count == 1 ? says("Bern") : fakes::HttpReply::never_answer(); });
  put("cases.jsonl", rows());
  const pid_t child = start({"eval", "--json", file("cases.jsonl"), "--models", model_at(server)});
  ASSERT_TRUE(server.wait_for_requests(2));
  kill(child, SIGINT);
  const Ended ended = wait(child);
  EXPECT_EQ(ended.code, 130) << ended.err;
  EXPECT_EQ(ended.json()["models"][0]["passed"], 1) << ended.out;
  EXPECT_EQ(ended.json()["models"][0]["asked"], 1) << "what was broken off is no failure of the model";
  EXPECT_EQ(ended.json()["stopped"], "it was interrupted");
}

}  // namespace
}  // namespace deed
