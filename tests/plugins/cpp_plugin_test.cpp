// Functions as tools: what schema they get, and that each way to end has its outcome.
#include "deed/plugins/deed_plugin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "deed/core/schema.hpp"
#include "deed/tests/plugins/recording_host.hpp"

namespace weather {

enum class Unit { celsius, fahrenheit };
deed::plugin::EnumNames<Unit> names_of(Unit) { return {{Unit::celsius, "celsius"}, {Unit::fahrenheit, "fahrenheit"}}; }

}  // namespace weather

namespace {

using namespace deed::plugin;
using deed::tests::RecordedAnswer;
using deed::tests::RecordingHost;
using testing::HasSubstr;

// One tool, called.
template <class T>
class OneTool {
 public:
  explicit OneTool(const T& tool) : plugin_("test", "1.0.0", tool) {}
  const deed_tool& tool() const { return *plugin_.table()->tools[0]; }
  RecordedAnswer run(const std::string& arguments = "{}") { return host.run(tool(), arguments); }
  Json schema() const { return Json::parse(tool().arguments); }

  RecordingHost host;

 private:
  Plugin plugin_;
};

template <class F, class... Args>
auto make(Effect effect, F function, Args... args) {
  return OneTool(tool("it", "Does it.", effect, function, args...));
}

std::string all_types(bool, std::int8_t, std::uint16_t, std::int32_t, std::int64_t, std::uint64_t, double, std::string_view,
                      const std::vector<int>&, const std::map<std::string, double>&, const Json&, weather::Unit,
                      const std::optional<std::string>&, std::vector<std::optional<bool>>) {
  return "";
}

TEST(CppPluginSchema, FollowsFromTheTypesOfTheParameters) {
  const auto it = make(Effect::pure, all_types, "b", "i8", "u16", "i32", "i64", "u64", "d", "s", "list", "map", "any", "unit",
                       "maybe", "maybes");
  EXPECT_EQ(it.schema(), Json::parse(R"({
    "type": "object", "additionalProperties": false,
    "required": ["b", "i8", "u16", "i32", "i64", "u64", "d", "s", "list", "map", "any", "unit", "maybes"],
    "properties": {
      "b": {"type": "boolean"},
      "i8": {"type": "integer", "minimum": -128, "maximum": 127},
      "u16": {"type": "integer", "minimum": 0, "maximum": 65535},
      "i32": {"type": "integer", "minimum": -2147483648, "maximum": 2147483647},
      "i64": {"type": "integer"},
      "u64": {"type": "integer", "minimum": 0},
      "d": {"type": "number"},
      "s": {"type": "string"},
      "list": {"type": "array", "items": {"type": "integer", "minimum": -2147483648, "maximum": 2147483647}},
      "map": {"type": "object", "additionalProperties": {"type": "number"}},
      "any": {},
      "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
      "maybe": {"type": "string"},
      "maybes": {"type": "array", "items": {"anyOf": [{"type": "boolean"}, {"type": "null"}]}}
    }})"));
  EXPECT_TRUE(deed::Schema::compile(deed::Json::parse(it.tool().arguments)));
}

TEST(CppPluginSchema, HoldsWhatIsSaidOfAnArgument) {
  const auto it = make(Effect::read, [](const std::string&, int, const std::string&) { return 1; },
                       arg("path").about("The file.").format("path").role(Role::destination),
                       arg("rows").between(1, 1000).otherwise(50), arg("unit").one_of({"m", "km"}).with("title", "Unit"));
  EXPECT_EQ(it.schema()["properties"]["path"], Json::parse(R"({"type":"string","description":"The file.","format":"path"})"));
  EXPECT_EQ(it.schema()["properties"]["rows"], Json::parse(R"({"type":"integer","minimum":1,"maximum":1000,"default":50})"));
  EXPECT_EQ(it.schema()["properties"]["unit"], Json::parse(R"({"type":"string","enum":["m","km"],"title":"Unit"})"));
  EXPECT_EQ(it.schema()["required"], Json::parse(R"(["path","unit"])"));
  EXPECT_EQ(Json::parse(it.tool().roles), Json::parse(R"({"path":"destination"})"));
}

TEST(CppPluginTable, HoldsWhatIsSaidOfATool) {
  auto described = tool("it", "Does it.", Effect::keyed, [] {});
  described.dispatches().harmless().concurrent().trusted().quick();
  described.examples({"do it", "make it so"}).timeout(std::chrono::seconds(5)).max_output(1000).key_window(std::chrono::hours(1));
  const OneTool it(described);
  EXPECT_STREQ(it.tool().name, "it");
  EXPECT_STREQ(it.tool().description, "Does it.");
  EXPECT_EQ(it.tool().effect, DEED_EFFECT_KEYED);
  EXPECT_EQ(it.tool().flags, DEED_TOOL_DISPATCHES | DEED_TOOL_HARMLESS | DEED_TOOL_CONCURRENT | DEED_TOOL_QUICK | DEED_TOOL_TRUSTED);
  EXPECT_STREQ(it.tool().examples, R"(["do it","make it so"])");
  EXPECT_EQ(it.tool().timeout_ms, 5000);
  EXPECT_EQ(it.tool().max_output_bytes, 1000);
  EXPECT_EQ(it.tool().key_window_ms, 3600000);
  EXPECT_EQ(it.tool().roles, nullptr);
  EXPECT_EQ(it.tool().preview, nullptr);
  EXPECT_EQ(it.tool().probe, nullptr);
}

TEST(CppPluginTable, IsRefusedWithTwoToolsOfOneNameOrAProbeableOneWithoutProbe) {
  const auto plain = tool("it", "Does it.", Effect::pure, [] {});
  EXPECT_THROW(Plugin("test", "1", plain, plain), std::logic_error);
  EXPECT_THROW(Plugin("test", "1", tool("it", "", Effect::probeable, [] {})), std::logic_error);
  EXPECT_THROW(tool("it", "", Effect::pure, [](int, int) {}, "a", "a"), std::logic_error);
}

TEST(CppPluginArguments, ReachTheFunctionAsItsTypes) {
  auto it = make(Effect::pure,
                 [](std::string_view text, std::vector<int> numbers, std::map<std::string, bool> flags, weather::Unit unit,
                    std::optional<double> factor, int otherwise) {
                   return Json{std::string(text), numbers, flags, unit == weather::Unit::fahrenheit, factor.has_value(), otherwise};
                 },
                 "text", "numbers", "flags", "unit", "factor", arg("more").otherwise(7));
  const auto answer = it.run(R"({"text":"é","numbers":[1,2.0,-3],"flags":{"a":true},"unit":"fahrenheit"})");
  EXPECT_EQ(answer.status, DEED_SUCCEEDED);
  EXPECT_EQ(answer.result, Json::parse(R"(["é",[1,2,-3],{"a":true},true,false,7])"));
  const auto with_null = it.run(R"({"text":"","numbers":[],"flags":{},"unit":"celsius","factor":null,"more":8})");
  EXPECT_EQ(with_null.result, Json::parse(R"(["",[],{},false,false,8])"));
}

TEST(CppPluginArguments, OfTheWrongTypeEndWithoutEffectAndAreNamedWhateverTheClassIs) {
  bool is_entered = false;
  auto it = make(Effect::once, [&](const Json&, std::int8_t, const std::vector<std::string>&, bool, weather::Unit) { is_entered = true; },
                 "any", "small", "list", "flag", "unit");
  const std::pair<const char*, const char*> cases[] = {
      {R"([])", "no JSON object"},
      {R"({"any":)", "no JSON object"},
      {R"({})", "'any' is missing"},
      {R"({"any":1,"small":128,"list":[],"flag":true,"unit":"celsius"})", "'small' is not in the range"},
      {R"({"any":1,"small":-129,"list":[],"flag":true,"unit":"celsius"})", "'small' is not in the range"},
      {R"({"any":1,"small":18446744073709551615,"list":[],"flag":true,"unit":"celsius"})", "'small' is not in the range"},
      {R"({"any":1,"small":1.5,"list":[],"flag":true,"unit":"celsius"})", "'small' is not an integer"},
      {R"({"any":1,"small":1e300,"list":[],"flag":true,"unit":"celsius"})", "'small' is not an integer"},
      {R"({"any":1,"small":"1","list":[],"flag":true,"unit":"celsius"})", "'small' is not an integer"},
      {R"({"any":1,"small":1,"list":["a",2],"flag":true,"unit":"celsius"})", "'list/1' is not a text"},
      {R"({"any":1,"small":1,"list":{},"flag":true,"unit":"celsius"})", "'list' is not a list"},
      {R"({"any":1,"small":1,"list":[],"flag":1,"unit":"celsius"})", "'flag' is not true or false"},
      {R"({"any":1,"small":1,"list":[],"flag":true,"unit":"kelvin"})", "'unit' is not one of the names"},
      {R"({"any":1,"small":1,"list":[],"flag":true,"unit":"celsius","further":1})", "no argument 'further'"},
  };
  for (const auto& [arguments, what] : cases) {
    const auto answer = it.run(arguments);
    EXPECT_EQ(answer.status, DEED_FAILED_WITHOUT_EFFECT) << arguments;
    EXPECT_THAT(answer.text, HasSubstr(what)) << arguments;
  }
  EXPECT_FALSE(is_entered);
}

TEST(CppPluginOutcome, OfAValueIsSucceededWithItsJson) {
  EXPECT_EQ(make(Effect::pure, [] { return 42; }).run().result, 42);
  EXPECT_EQ(make(Effect::pure, [] { return std::vector<double>{0.5}; }).run().result, Json({0.5}));
  EXPECT_EQ(make(Effect::pure, [] { return std::optional<int>(); }).run().result, nullptr);
  const auto text = make(Effect::pure, [] { return std::string("line\n"); }).run();
  EXPECT_EQ(text.result, "line\n");
  EXPECT_EQ(text.text, "line\n");
  EXPECT_EQ(make(Effect::pure, [] { return weather::Unit::celsius; }).run().result, "celsius");
  const auto nothing = make(Effect::once, [] {}).run();
  EXPECT_EQ(nothing.status, DEED_SUCCEEDED);
  EXPECT_EQ(nothing.result, nullptr);
  EXPECT_EQ(nothing.text, "done");
}

TEST(CppPluginOutcome, OfBytesThatAreNoUtf8IsStillText) {
  const auto answer = make(Effect::pure, [] { return std::string("a\xff" "b"); }).run();
  EXPECT_EQ(answer.result, "a\xEF\xBF\xBD" "b");
  EXPECT_EQ(answer.text, "a\xEF\xBF\xBD" "b");
}

TEST(CppPluginOutcome, IsTheOneThatTheFunctionGives) {
  const auto outcome_of = [](Outcome outcome) { return make(Effect::once, [outcome] { return outcome; }).run(); };
  const auto succeeded = outcome_of(Outcome::succeeded({{"n", 1}}, "one"));
  EXPECT_EQ(succeeded.status, DEED_SUCCEEDED);
  EXPECT_EQ(succeeded.result, Json({{"n", 1}}));
  EXPECT_EQ(succeeded.text, "one");
  const auto rejected = outcome_of(Outcome::rejected("no such user", "ask for the name"));
  EXPECT_EQ(rejected.status, DEED_REJECTED);
  EXPECT_EQ(rejected.text, "no such user");
  EXPECT_EQ(rejected.hint, "ask for the name");
  EXPECT_EQ(rejected.result, nullptr);
  EXPECT_EQ(outcome_of(Outcome::failed_without_effect("no network")).status, DEED_FAILED_WITHOUT_EFFECT);
  EXPECT_EQ(outcome_of(Outcome::unknown("no answer")).status, DEED_UNKNOWN);
  EXPECT_EQ(outcome_of({}).status, DEED_UNKNOWN);
}

template <class E>
deed_status after_throwing(Effect effect, bool dispatches, bool is_dispatched, const E& exception) {
  auto described = tool("it", "", effect, [&](Context& context) {
    if (is_dispatched) context.dispatching();
    throw exception;
  });
  if (effect == Effect::probeable) described.probe([] { return Verdict(); });
  if (dispatches) described.dispatches();
  return *OneTool(described).run().status;
}

TEST(CppPluginOutcome, OfAnExceptionFollowsFromTheClassAndTheCommitPoint) {
  const std::runtime_error error("broken");
  for (const Effect effect : {Effect::pure, Effect::read}) {
    EXPECT_EQ(after_throwing(effect, false, false, error), DEED_FAILED_WITHOUT_EFFECT);
    EXPECT_EQ(after_throwing(effect, true, true, error), DEED_FAILED_WITHOUT_EFFECT);
  }
  for (const Effect effect : {Effect::idempotent, Effect::keyed, Effect::probeable, Effect::once}) {
    EXPECT_EQ(after_throwing(effect, false, false, error), DEED_UNKNOWN);
    EXPECT_EQ(after_throwing(effect, false, true, error), DEED_UNKNOWN);
    EXPECT_EQ(after_throwing(effect, true, false, error), DEED_FAILED_WITHOUT_EFFECT);
    EXPECT_EQ(after_throwing(effect, true, true, error), DEED_UNKNOWN);
    EXPECT_EQ(after_throwing(effect, true, true, Error("broken")), DEED_UNKNOWN);
    EXPECT_EQ(after_throwing(effect, true, true, Rejected("no")), DEED_REJECTED);
    EXPECT_EQ(after_throwing(effect, true, true, WithoutEffect("refused")), DEED_FAILED_WITHOUT_EFFECT);
    EXPECT_EQ(after_throwing(effect, true, true, 42), DEED_UNKNOWN);
    EXPECT_EQ(after_throwing(effect, true, true, std::bad_alloc()), DEED_UNKNOWN);
  }
}

TEST(CppPluginOutcome, OfAnErrorCarriesWhatHappenedAndTheHint) {
  const auto answer = make(Effect::read, []() -> int { throw Error("no such table", "list them"); }).run();
  EXPECT_EQ(answer.text, "no such table");
  EXPECT_EQ(answer.hint, "list them");
}

TEST(CppPluginOutcome, WhereTheHostRefusesTheCommitPointIsWithoutEffectAndTheEffectIsNotDone) {
  bool is_done = false;
  auto described = tool("it", "", Effect::once, [&](Context& context) {
    context.dispatching();
    is_done = true;
  });
  OneTool it(described.dispatches());
  it.host.dispatching_error = DEED_ERROR_CANCELLED;
  const auto answer = it.run();
  EXPECT_EQ(answer.status, DEED_FAILED_WITHOUT_EFFECT);
  EXPECT_THAT(answer.text, HasSubstr("the call is to end"));
  EXPECT_FALSE(is_done);
}

TEST(CppPluginContext, GivesWhatTheHostKnowsOfTheCall) {
  auto it = make(Effect::read, [](Context& context, const std::string& line) {
    context.progress(line);
    context.log("logged " + line);
    return Json{context.effect_key(), context.attempt(), context.proposed_at().count(), context.is_cancelled(),
                context.time_left().count(), context.dispatched_at().count()};
  }, "line");
  it.host.is_cancelled = true;
  const auto answer = it.run(R"({"line":"half"})");
  EXPECT_EQ(answer.result, Json({std::string(64, 'a'), 2, 1700000000000, true, 1500, 1700000000500}));
  EXPECT_THAT(it.host.progress, testing::ElementsAre("half"));
  EXPECT_THAT(it.host.log, testing::ElementsAre("logged half"));
}

TEST(CppPluginContext, LendsASecretOrSaysThatThereIsNone) {
  auto it = make(Effect::read, [](Context& context, const std::string& name) { return context.secret(name); }, "name");
  it.host.secrets["key"] = "s3cret";
  EXPECT_EQ(it.run(R"({"name":"key"})").result, "s3cret");
  const auto denied = it.run(R"({"name":"other"})");
  EXPECT_EQ(denied.status, DEED_FAILED_WITHOUT_EFFECT);
  EXPECT_THAT(denied.text, HasSubstr("no secret other: the manifest or the user does not allow it"));
}

TEST(CppPluginContext, CarriesAnHttpExchange) {
  auto it = make(Effect::read, [](Context& context) {
    const HttpResponse response = context.http({"https://example.org/", "POST", {{"Accept", "text/plain"}}, "sent"});
    return Json{response.status, response.headers, response.body};
  });
  EXPECT_EQ(it.run().result, Json({201, {{"content-type", "text/plain"}}, std::string("\0body", 5)}));
  EXPECT_EQ(it.host.requested, R"(POST https://example.org/ {"Accept":"text/plain"} sent)");
  it.host.response_headers = "{half";
  EXPECT_THAT(it.run().text, HasSubstr("could not be read"));
  it.host.http_error = DEED_ERROR_DENIED;
  EXPECT_THAT(it.run().text, HasSubstr("no response of https://example.org/: the manifest"));
}

TEST(CppPluginPreview, ShowsTheBytesAndTheDestinations) {
  auto described = tool("it", "", Effect::once, [](const std::string&) {}, "to");
  OneTool it(described.preview([](const std::string& to) {
    return Preview{"bytes for " + to, "to " + to, {to}, "message/rfc822"};
  }));
  const auto answer = it.host.preview(it.tool(), R"({"to":"ann"})");
  EXPECT_EQ(answer.preview, "bytes for ann");
  EXPECT_EQ(answer.media_type, "message/rfc822");
  EXPECT_EQ(answer.summary, "to ann");
  EXPECT_EQ(answer.destinations, R"(["ann"])");
  EXPECT_EQ(it.host.preview(it.tool(), "{}").status, DEED_FAILED_WITHOUT_EFFECT);
}

TEST(CppPluginPreview, ThatIsATextIsPlainAndOneThatThrowsSaysThatTheCallCannotBeMade) {
  auto described = tool("it", "", Effect::once, [](int) {}, "n");
  OneTool it(described.preview([](Context&, int n) {
    if (n == 0) throw Rejected("not zero");
    return std::to_string(n);
  }));
  EXPECT_EQ(it.host.preview(it.tool(), R"({"n":1})").preview, "1");
  EXPECT_EQ(it.host.preview(it.tool(), R"({"n":1})").media_type, "text/plain");
  const auto answer = it.host.preview(it.tool(), R"({"n":0})");
  EXPECT_EQ(answer.status, DEED_REJECTED);
  EXPECT_EQ(answer.text, "not zero");
}

TEST(CppPluginProbe, GivesItsVerdictAndIsUndecidedWhereItThrows) {
  auto described = tool("it", "", Effect::probeable, [](int) {}, "n");
  OneTool it(described.probe([](Context& context, int n) {
    if (n == 0) throw std::runtime_error("no answer");
    if (n == 1) return Verdict::refuted("not there");
    return Verdict::confirmed("there since " + std::to_string(context.dispatched_at().count()));
  }));
  EXPECT_EQ(it.host.probe(it.tool(), R"({"n":1})").verdict, DEED_REFUTED);
  const auto confirmed = it.host.probe(it.tool(), R"({"n":2})");
  EXPECT_EQ(confirmed.verdict, DEED_CONFIRMED);
  EXPECT_EQ(confirmed.evidence, "there since 1700000000500");
  const auto undecided = it.host.probe(it.tool(), R"({"n":0})");
  EXPECT_EQ(undecided.verdict, DEED_UNDECIDED);
  EXPECT_EQ(undecided.evidence, "no answer");
  EXPECT_EQ(it.host.probe(it.tool(), R"({"n":"x"})").verdict, DEED_UNDECIDED);
}

TEST(CppPluginCompletion, AnswersFromAnotherThreadAfterTheFunctionHasReturned) {
  std::thread worker;
  std::promise<void> is_returned;
  auto it = make(Effect::read, [&](Completion call, const std::string& text) {
    worker = std::thread([call = std::move(call), text, returned = is_returned.get_future()]() mutable {
      returned.wait();
      call.context().progress("working");
      call.succeed(text + "!");
    });
    is_returned.set_value();
  }, "text");
  const auto answer = it.run(R"({"text":"hi"})");
  worker.join();
  EXPECT_EQ(answer.status, DEED_SUCCEEDED);
  EXPECT_EQ(answer.result, "hi!");
  EXPECT_THAT(it.host.progress, testing::ElementsAre("working"));
}

TEST(CppPluginCompletion, CountsOnce) {
  auto it = make(Effect::once, [](Completion call) {
    call.succeed(1);
    call.finish(Outcome::rejected("too late"));
  });
  EXPECT_EQ(it.run().result, 1);
  EXPECT_EQ(it.host.answers(), 1);
}

TEST(CppPluginCompletion, DestroyedWithoutAnAnswerIsUnknownWhereAnEffectMayHaveHappened) {
  const auto drop = [](Completion) {};
  EXPECT_EQ(make(Effect::once, drop).run().status, DEED_UNKNOWN);
  EXPECT_EQ(make(Effect::read, drop).run().status, DEED_FAILED_WITHOUT_EFFECT);
  EXPECT_THAT(make(Effect::once, drop).run().text, HasSubstr("without an answer"));
  std::thread worker;
  auto elsewhere = make(Effect::once, [&](Completion call) { worker = std::thread([call = std::move(call)] {}); });
  EXPECT_EQ(elsewhere.run().status, DEED_UNKNOWN);
  worker.join();
  auto overwritten = make(Effect::once, [&](Completion call) { call = Completion(nullptr); });
  EXPECT_EQ(overwritten.run().status, DEED_UNKNOWN);
}

TEST(CppPluginCompletion, OfAFunctionThatThrowsHasTheOutcomeOfTheException) {
  auto described = tool("it", "", Effect::once, [](Completion call) {
    call.context().dispatching();
    throw Rejected("no", "ask");
  });
  OneTool it(described.dispatches());
  const auto answer = it.run();
  EXPECT_EQ(answer.status, DEED_REJECTED);
  EXPECT_EQ(answer.text, "no");
  EXPECT_EQ(answer.hint, "ask");
  EXPECT_EQ(it.host.answers(), 1);
  EXPECT_EQ(make(Effect::once, [](Completion, int) {}, "n").run().status, DEED_FAILED_WITHOUT_EFFECT);
}

TEST(CppPluginCompletion, CarriesAnExceptionOfAnotherThread) {
  std::thread worker;
  auto described = tool("it", "", Effect::once, [&](Completion call) {
    worker = std::thread([call = std::move(call)]() mutable {
      try {
        call.context().dispatching();
        throw std::runtime_error("the line is dead");
      } catch (...) {
        call.fail_with_current_exception();
      }
    });
  });
  OneTool it(described.dispatches());
  const auto answer = it.run();
  worker.join();
  EXPECT_EQ(answer.status, DEED_UNKNOWN);
  EXPECT_EQ(answer.text, "the line is dead");
}

TEST(CppPluginCompletion, RunsOnAThreadThatEndsBeforeThePluginIsClosed) {
  std::atomic<int> ended{0};
  RecordingHost host;
  Plugin plugin("test", "1", tool("it", "", Effect::once, [&](Completion call, int n) {
    std::move(call).in_thread([&ended, n](Completion& answer) {
      if (n == 0) throw Rejected("zero");
      answer.succeed(n);
      ++ended;
    });
  }, "n"));
  for (int n = 1; n <= 20; ++n) EXPECT_EQ(host.run(*plugin.table()->tools[0], "{\"n\":" + std::to_string(n) + "}").result, n);
  EXPECT_EQ(host.run(*plugin.table()->tools[0], R"({"n":0})").status, DEED_REJECTED);
  plugin.close();
  EXPECT_EQ(ended, 20);
}

}  // namespace

// The registration, under another name than that of a shared library: as a program that links a plugin has it.
#undef DEED_PLUGIN_ENTRY
#define DEED_PLUGIN_ENTRY linked_text_plugin
DEED_PLUGIN("text", "1.2.3",
            tool("count", "Counts.", Effect::pure, [](const std::string& text) { return text.size(); }, "text").quick(),
            tool("echo", "Repeats.", Effect::pure, [](const std::string& text) { return text; }, "text"))
#undef DEED_PLUGIN_ENTRY
#define DEED_PLUGIN_ENTRY broken_plugin
DEED_PLUGIN("broken", "1", tool("a", "", Effect::pure, [] {}), tool("a", "", Effect::pure, [] {}))

namespace {

TEST(CppPluginEntry, GivesTheTableOfAPluginThatIsLinkedIntoAProgram) {
  RecordingHost host;
  const deed_plugin* plugin = linked_text_plugin(host.table());
  ASSERT_NE(plugin, nullptr);
  EXPECT_EQ(plugin, linked_text_plugin(host.table()));
  EXPECT_EQ(plugin->size, sizeof(deed_plugin));
  EXPECT_EQ(plugin->abi_version, DEED_PLUGIN_ABI_VERSION);
  EXPECT_STREQ(plugin->name, "text");
  EXPECT_STREQ(plugin->version, "1.2.3");
  ASSERT_EQ(plugin->tool_count, 2u);
  EXPECT_EQ(host.run(*plugin->tools[0], R"({"text":"four"})").result, 4);
  EXPECT_EQ(host.run(*plugin->tools[1], R"({"text":"four"})").result, "four");
  ASSERT_NE(plugin->close, nullptr);
  plugin->close();
}

TEST(CppPluginEntry, GivesNothingAndSaysWhyWhereThePluginCannotBeMade) {
  RecordingHost host;
  EXPECT_EQ(broken_plugin(host.table()), nullptr);
  EXPECT_THAT(host.log, testing::ElementsAre(HasSubstr("two tools are called 'a'")));
  EXPECT_EQ(broken_plugin(nullptr), nullptr);
}

}  // namespace
