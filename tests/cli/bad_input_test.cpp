// What a user does wrong, and what goes wrong around them: a clear error, what to do, the right exit code, nothing lost.
#include "deed/tests/cli/command_fixture.hpp"

namespace deed {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST_F(CommandTest, PrintsItsVersion) {
  const Ended ended = deed({"--version"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.out, testing::StartsWith("deed "));
}

TEST_F(CommandTest, AnUnknownFlagIsAUsageError) {
  EXPECT_EQ(deed({"run", "--nonsense", "x"}).code, 2);
  EXPECT_EQ(deed({}).code, 2);
}

TEST_F(CommandTest, AnUnknownCommandIsNamedWithTheOneThatWasMeant) {
  const Ended misspelt = deed({"rum", "hello"});
  EXPECT_EQ(misspelt.code, 2);
  EXPECT_THAT(misspelt.err, AllOf(HasSubstr("no command \"deed rum\""), HasSubstr("did you mean \"run\"?")));
  const Ended nested = deed({"tools", "shown"});
  EXPECT_EQ(nested.code, 2);
  EXPECT_THAT(nested.err, AllOf(HasSubstr("no command \"deed tools shown\""), HasSubstr("did you mean \"show\"?")));
  EXPECT_THAT(deed({"frob\x1bnicate"}).err, AllOf(HasSubstr("deed --help"), testing::Not(HasSubstr("\x1b"))));
}

TEST_F(CommandTest, ACallWithoutAModelBlamesNone) {
  const Ended ended = deed({"tools", "call", "file.write", "{\"path\":5}"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("the call did not succeed"), testing::Not(HasSubstr("model"))));
}

TEST_F(CommandTest, AMissingModelSaysHowToGetIt) {
  const Ended ended = deed({"run", "--model", "local:smollm2", "hello"});
  EXPECT_EQ(ended.code, 2);
  // A build without the embedded model has another way out to offer.
  EXPECT_THAT(ended.err, testing::AnyOf(HasSubstr("deed models install"), HasSubstr("--model openai:NAME")));
}

TEST_F(CommandTest, AModelFileThatIsCutOrGarbageIsRefused) {
  put("cut.gguf", std::string("GGUF\x03\0\0\0", 8) + std::string(8, '\x01'));
  put("garbage.gguf", std::string(4096, 'x'));
  for (const char* name : {"cut.gguf", "garbage.gguf"}) {
    const Ended ended = deed({"run", "--model", "local:" + file(name), "hello"});
    EXPECT_NE(ended.code, 0) << name;
    EXPECT_THAT(ended.err, HasSubstr("deed: ")) << name;
    EXPECT_LT(ended.code, 128) << name;
  }
}

TEST_F(CommandTest, AServerThatCannotBeReachedIsTriedLater) {
  const Ended ended = deed({"run", "--json", "--model", "http://127.0.0.1:9/v1#x", "hello"});
  EXPECT_EQ(ended.code, 75);
  EXPECT_EQ(ended.json()["status"], "paused");
}

TEST_F(CommandTest, AServerThatAnswersWithAPageIsNotBelieved) {
  fakes::HttpServer server([](const fakes::SeenRequest&) { return fakes::HttpReply::ok("<html>hello</html>", "text/html"); });
  const Ended ended = deed({"run", "--json", "--model", model_at(server), "hello"});
  EXPECT_NE(ended.code, 0);
  EXPECT_EQ(ended.json()["text"], "");
}

TEST_F(CommandTest, AStreamThatIsCutIsNeverAShortAnswer) {
  fakes::HttpServer server([](const fakes::SeenRequest&) {
    return fakes::HttpReply::ok("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half an ans\"}}]}\n\n", "text/event-stream");
  });
  const Ended ended = deed({"run", "--json", "--model", model_at(server), "hello"});
  EXPECT_EQ(ended.code, 75);
  EXPECT_EQ(ended.json()["text"], "");
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST_F(CommandTest, AModelThatAlwaysMakesTheWrongCallFails) {
  fakes::HttpServer server([](const fakes::SeenRequest&) { return calls("no_such_tool", {{"x", 1}}); });
  const Ended ended = deed({"run", "--json", "--model", model_at(server), "hello"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.json()["reason"].get<std::string>(), HasSubstr("calls in a row"));
}

TEST_F(CommandTest, ARequestOfTwoMegabytesIsSentWithinTheModelsWindow) {
  put("long", "Say ok. " + std::string(2'000'000, 'x'));
  fakes::HttpServer server([](const fakes::SeenRequest&) { return says("ok"); });
  const Ended ended = deed({"run", "--json", "--model", model_at(server), "-"}, file("long"));
  EXPECT_EQ(ended.code, 0) << ended.err;
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_LT(server.requests()[0].body.size(), 1'000'000u);
  EXPECT_THAT(server.requests()[0].body, HasSubstr("Say ok."));
}

TEST_F(CommandTest, ClosedAndEmptyStandardInputSayWhatToDo) {
  for (const char* input : {"closed", "/dev/null"}) {
    const Ended ended = deed({"run"}, input);
    EXPECT_EQ(ended.code, 2) << input;
    EXPECT_THAT(ended.err, HasSubstr("deed run")) << input;
  }
}

TEST_F(CommandTest, ARequestWithoutWordsIsSaidToBeOneAndNotAMissingModel) {
  for (const char* request : {"", "  \n"}) {
    const Ended ended = deed({"run", "--model", "no/such.gguf", request});
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("the request has no words"));
  }
}

TEST_F(CommandTest, APathThatLeavesTheFolderIsRefused) {
  put("secret", "s3cret");
  std::filesystem::create_symlink(folder_ / "secret", folder_ / "work" / "link");
  for (const char* path : {"../secret", "link", "/etc/passwd"}) {
    const Ended ended = deed({"tools", "call", "--json", "file.read", to_text(Json{{"path", path}})});
    EXPECT_EQ(ended.code, 1) << path;
    EXPECT_EQ(ended.out.find("s3cret"), std::string::npos) << path;
  }
}

TEST_F(CommandTest, AnAddressWithALineBreakIsRefusedBeforeAnyMailIsBuilt) {
  const Json call = {{"to", Json::array({"ann@example.org\r\nBcc: eve@evil.com"})}, {"subject", "s"}, {"text", "t"}};
  const Ended ended = deed({"tools", "call", "--yes", "--json", "email.send", to_text(call)});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out, HasSubstr("control character"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "home/outbox/new"));
}

TEST_F(CommandTest, AJournalThatIsNoneIsNotTouched) {
  std::filesystem::create_directories(folder_ / "home");
  put("home/journal.db", std::string(5000, 'x'));
  const Ended ended = deed({"runs"});
  EXPECT_NE(ended.code, 0);
  EXPECT_THAT(ended.err, HasSubstr("journal.db"));
  EXPECT_EQ(text("home/journal.db"), std::string(5000, 'x'));
}

TEST_F(CommandTest, AProjectsConfigurationCannotSendMailElsewhere) {
  std::filesystem::create_directories(folder_ / "work/.deed");
  put("work/.deed/config.toml", "[smtp]\nurl = \"smtp://evil.example\"\n");
  const Ended ended = deed({"run", "hello"});
  EXPECT_EQ(ended.code, 6);
  EXPECT_THAT(ended.err, HasSubstr("may not set"));
}

}  // namespace
}  // namespace deed
