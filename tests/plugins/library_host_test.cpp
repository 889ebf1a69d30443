// A library in this process: what it may do wrong, and that the loop goes on.
#include "deed/plugins/library_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deed/plugins/c_table.hpp"
#include "deed/tests/plugins/own_table.hpp"
#include "deed/tests/plugins/plugin_calls.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

class LibraryHostTest : public testing::Test {
 protected:
  LibraryHostTest() : library_(*CLibrary::adopt(own_table::entry, {})), tools_(io_, library_->tools(), "own", make_library_host(library_, services())) {}

  static PluginServices services() {
    PluginServices out;
    out.secrets = {"known", "gone"};
    out.secret_of = [](const std::string& name) -> Result<Secret> {
      if (name == "known") return Secret("hush-hush");
      return fail(ErrorKind::not_found, "none");
    };
    return out;
  }
  std::string error_of(const std::string& tool) {
    const Outcome outcome = tools_.outcome(tool);
    return std::string(to_string(outcome.status)) + ": " + string_at(outcome.result, "error");
  }

  asio::io_context io_;
  std::shared_ptr<CLibrary> library_;
  HostedTools tools_;
};

TEST_F(LibraryHostTest, GivesACallItsArgumentsAndItsKey) {
  for (const char* name : {"echo", "quick", "beside"}) {
    const Outcome outcome = tools_.outcome(name, {{"name", "Ann"}});
    EXPECT_EQ(outcome.status, OutcomeStatus::succeeded) << name;
    EXPECT_EQ(outcome.result, (Json{{"got", {{"name", "Ann"}}}, {"key", call_key()}, {"attempt", 1}})) << name;
  }
}

TEST_F(LibraryHostTest, TakesTheFirstAnswerAndRefusesTheSecond) { EXPECT_EQ(tools_.outcome("twice").result["which"], 1); }

TEST_F(LibraryHostTest, TakesAnAnswerFromWhateverThread) {
  EXPECT_EQ(tools_.outcome("from_ten_threads").result["from"], "a thread");
  EXPECT_EQ(tools_.outcome("later").result["later"], true);
}

TEST_F(LibraryHostTest, EndsACallWhoseAnswerIsWrongAndSaysHow) {
  EXPECT_THAT(error_of("null_outcome"), HasSubstr("failed_without_effect: the outcome is NULL"));
  EXPECT_THAT(error_of("bad_utf8"), HasSubstr("not UTF-8"));
  EXPECT_THAT(error_of("half_json"), HasSubstr("failed_without_effect"));
  EXPECT_THAT(error_of("no_status"), HasSubstr("77"));
  EXPECT_THAT(error_of("huge"), HasSubstr("104.9 MB"));
  EXPECT_THAT(error_of("throws"), HasSubstr("threw an exception"));
  EXPECT_THAT(error_of("quick_never"), HasSubstr("without an answer"));
  EXPECT_EQ(tools_.outcome("echo").status, OutcomeStatus::succeeded);
}

TEST_F(LibraryHostTest, LeavesTheOutcomeOpenWhereAToolBreaksOffBehindItsCommitPoint) {
  FakeContext ctx;
  const auto bounded = tools_.run("throws_after", Json::object(), ctx);
  EXPECT_FALSE(bounded.value);  // the loop knows how far it came
  EXPECT_THAT(bounded.exception, HasSubstr("threw an exception"));
  EXPECT_EQ(ctx.dispatches, 1);
}

TEST_F(LibraryHostTest, DispatchesThroughTheLoopAndSaysWhenThatFailed) {
  FakeContext ctx, refusing;
  EXPECT_EQ(tools_.run("dispatch", Json::object(), ctx).value->result["dispatched"], true);
  EXPECT_EQ(ctx.dispatches, 1);
  refusing.dispatch_error = Error{ErrorKind::unavailable, "the disk is full"};
  EXPECT_EQ(tools_.run("dispatch", Json::object(), refusing).value->status, OutcomeStatus::failed_without_effect);
}

TEST_F(LibraryHostTest, GivesUpACallAtItsDeadlineAndIgnoresWhatItSaysThen) {
  FakeContext ctx;
  const auto given_up = tools_.run("until_cancelled", Json::object(), ctx, std::chrono::milliseconds(30));
  EXPECT_TRUE(given_up.timed_out);
  EXPECT_FALSE(given_up.value);
  // Its thread is free again.
  EXPECT_EQ(tools_.outcome("echo").status, OutcomeStatus::succeeded);
}

TEST_F(LibraryHostTest, LetsCallsOverlapThatMay) {
  FakeContext ctx;
  asio::cancellation_signal stop;
  bool has_ended = false;
  auto waiting = tools_.at("until_cancelled_beside").run(Json::object(), ctx);
  asio::co_spawn(io_, std::move(waiting), asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, Outcome) { has_ended = true; }));
  EXPECT_EQ(tools_.outcome("beside").status, OutcomeStatus::succeeded);
  EXPECT_FALSE(has_ended);
  stop.emit(asio::cancellation_type::terminal);
  io_.restart();
  while (!has_ended && io_.run_one() > 0) {
  }
  EXPECT_TRUE(has_ended);
}

TEST_F(LibraryHostTest, GivesOnlySecretsThatTheManifestNames) {
  EXPECT_EQ(tools_.outcome("secret", {{"name", "x"}}).result, (Json{{"error", DEED_ERROR_NONE}, {"value", "hush-hush"}}));
  EXPECT_EQ(tools_.outcome("secret").result, (Json{{"error", DEED_ERROR_DENIED}, {"value", "none"}}));
}

TEST_F(LibraryHostTest, HasNoHttpWhereNoHostWasAllowed) {
  EXPECT_EQ(tools_.outcome("http", {{"url", "http://example.org/"}}).result["error"], DEED_ERROR_DENIED);
}

TEST_F(LibraryHostTest, ShowsAPreviewAndGivesAVerdict) {
  FakeContext ctx;
  const Tool& tool = tools_.at("dispatch");
  const auto preview = run_async(io_, tool.asked_preview(Json::object(), ctx));
  ASSERT_TRUE(preview);
  EXPECT_EQ(preview->bytes, "the bytes");
  EXPECT_EQ(preview->destinations, std::vector<std::string>{"ann@example.org"});
  const ProbeResult found = run_async(io_, tool.probe(Json::object(), ctx));
  EXPECT_EQ(found.verdict, ProbeResult::Verdict::confirmed);
  EXPECT_EQ(found.evidence, "seen");
  EXPECT_EQ(ctx.dispatches, 0);
}

TEST_F(LibraryHostTest, MayBeDestroyedWhileACallOfItIsUnderWay) {
  {
    asio::io_context io;
    HostedTools tools(io, library_->tools(), "own", make_library_host(library_, services()));
    FakeContext ctx;
    EXPECT_TRUE(tools.run("never", Json::object(), ctx, std::chrono::milliseconds(5)).timed_out);
    EXPECT_TRUE(tools.run("until_cancelled_beside", Json::object(), ctx, std::chrono::milliseconds(5)).timed_out);
  }
  EXPECT_EQ(tools_.outcome("echo").status, OutcomeStatus::succeeded);
}

TEST(CLibrary, LeavesItsTableToThreadsOfThePluginThatOutliveIt) {
  std::weak_ptr<CLibrary> watched;
  {
    auto library = *CLibrary::adopt(own_table::entry, {});
    watched = library;
    asio::io_context io;
    HostedTools tools(io, library->tools(), "own", make_library_host(library, {}));
    FakeContext ctx;
    EXPECT_TRUE(tools.run("late", Json::object(), ctx, std::chrono::milliseconds(5)).timed_out);
  }
  while (!watched.expired()) std::this_thread::yield();  // the thread that began the call may have it for a moment
  own_table::late_may_go = 1;
  own_table::late_may_go.notify_all();
  own_table::late_was_told.wait(-1);
  EXPECT_EQ(own_table::late_was_told, DEED_ERROR_NO_CALL);
}

// A table with one thing changed.
struct Changed {
  deed_tool tool = own_table::tool("echo", own_table::echo);
  const deed_tool* pointer = &tool;
  deed_plugin plugin{sizeof(deed_plugin), DEED_PLUGIN_ABI_VERSION, 1, "own", "1.0", &pointer, nullptr};
  bool is_null = false, throws = false;
};
Changed* changed_table = nullptr;

Result<std::shared_ptr<CLibrary>> adopted(Changed& table) {
  changed_table = &table;
  return CLibrary::adopt([](const deed_host*) -> const deed_plugin* {
    if (changed_table->throws) throw 1;
    return changed_table->is_null ? nullptr : &changed_table->plugin;
  }, {});
}

TEST(CLibrary, RefusesATableThatIsWrongAndSaysWhichMember) {
  const auto refused = [](auto change) -> Result<void> {
    Changed table;
    change(table);
    const auto library = adopted(table);  // ends before its table
    if (!library) return fail(library.error());
    return {};
  };
  EXPECT_OK(refused([](Changed&) {}));
  EXPECT_THAT(refused([](Changed& t) { t.plugin.abi_version = 2; }), IsError(ErrorKind::unsupported, HasSubstr("version 2")));
  EXPECT_THAT(refused([](Changed& t) { t.is_null = true; }), IsError(ErrorKind::unavailable));
  EXPECT_THAT(refused([](Changed& t) { t.throws = true; }), IsError(ErrorKind::invalid, HasSubstr("exception")));
  EXPECT_THAT(refused([](Changed& t) { t.plugin.size = 4; }), IsError(ErrorKind::invalid, HasSubstr("size")));
  EXPECT_THAT(refused([](Changed& t) { t.plugin.name = nullptr; }), IsError(ErrorKind::invalid, HasSubstr("name")));
  EXPECT_THAT(refused([](Changed& t) { t.plugin.name = "a b"; }), IsError(ErrorKind::invalid, HasSubstr("name")));
  EXPECT_THAT(refused([](Changed& t) { t.plugin.tools = nullptr; }), IsError(ErrorKind::invalid, HasSubstr("NULL")));
  EXPECT_THAT(refused([](Changed& t) { t.plugin.tool_count = 100'000; }), IsError(ErrorKind::limit));
  EXPECT_THAT(refused([](Changed& t) { t.pointer = nullptr; }), IsError(ErrorKind::invalid, HasSubstr("NULL")));
  EXPECT_THAT(refused([](Changed& t) { t.tool.effect = DEED_EFFECT_UNDECLARED; }), IsError(ErrorKind::invalid, HasSubstr("DEED_EFFECT_")));
  EXPECT_THAT(refused([](Changed& t) { t.tool.effect = static_cast<deed_effect>(99); }), IsError(ErrorKind::invalid));
  EXPECT_THAT(refused([](Changed& t) { t.tool.run = nullptr; }), IsError(ErrorKind::invalid, HasSubstr("run")));
  EXPECT_THAT(refused([](Changed& t) { t.tool.arguments = "{"; }), IsError(ErrorKind::invalid, HasSubstr("echo")));
  EXPECT_THAT(refused([](Changed& t) { t.tool.roles = "nonsense"; }), IsError(ErrorKind::invalid, HasSubstr("echo")));
}

TEST(CLibrary, OfAnOlderYearHasZeroBehindItsSize) {
  struct Old {
    std::size_t size;
    char rest[sizeof(deed_outcome) - sizeof(std::size_t)];
  };
  deed_outcome whole = own_table::done("1");
  whole.hint = own_table::text("not to be read");
  whole.size = offsetof(deed_outcome, hint);
  whole.status = DEED_REJECTED;
  const auto read = read_outcome(&whole);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->result.contains("hint"));
}

TEST(CLibrary, ThatWasCompiledForTheFirstVersionStillWorks) {
#if !defined(__x86_64__)
  GTEST_SKIP() << "the library that is kept is one for x86-64";
#endif
  const auto library = CLibrary::load(DEED_SOURCE_DIR "/tests/data/plugins/abi1-x86_64.so", {});
  ASSERT_TRUE(library) << to_string(library.error());
  asio::io_context io;
  HostedTools tools(io, (*library)->tools(), "abi1", make_library_host(*library, {}));
  const Outcome greeting = tools.outcome("greet", {{"name", "Ann"}});
  EXPECT_EQ(greeting.text, "hello from version 1");
  EXPECT_EQ(greeting.result, (Json{{"name", "Ann"}}));
  FakeContext ctx;
  EXPECT_EQ(tools.run("send", {{"name", "Ann"}}, ctx).value->text, "sent");
  EXPECT_EQ(ctx.dispatches, 1);
  const Tool& send = tools.at("send");
  EXPECT_EQ(send.spec.timeout, std::chrono::seconds(5));
  EXPECT_EQ(send.spec.roles.at("name"), ArgumentRole::destination);
  EXPECT_EQ(run_async(io, send.asked_preview({{"name", "Ann"}}, ctx))->summary, "a thing is sent");
  EXPECT_EQ(run_async(io, send.probe({{"name", "Ann"}}, ctx)).verdict, ProbeResult::Verdict::refuted);
}

TEST(CLibrary, OfAFileThatIsNoneIsRefused) {
  const TempFolder folder;
  folder.put("text.so", "hello");
  EXPECT_THAT(CLibrary::load(folder.at("gone.so"), {}), IsError(ErrorKind::not_found));
  EXPECT_THAT(CLibrary::load(folder.at("text.so"), {}), IsError(ErrorKind::invalid, HasSubstr("cannot be loaded")));
  EXPECT_THAT(CLibrary::load("/lib/x86_64-linux-gnu/libm.so.6", {}), testing::AnyOf(IsError(ErrorKind::invalid, HasSubstr("deed_plugin_entry")), IsError(ErrorKind::not_found)));
}

}  // namespace
}  // namespace deed
