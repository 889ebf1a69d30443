// What Gemini's generateContent is asked, to the byte where it matters.
#include "deed/llm/gemini/gemini_wire.hpp"

#include "deed/core/base64.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/gemini/gemini_parts.hpp"
#include "deed/llm/gemini/gemini_stream.hpp"
#include "deed/tests/llm/messages.hpp"
#include "deed/tests/llm/opened_model.hpp"
#include "deed/tests/llm/random_transcripts.hpp"

#include <gtest/gtest.h>

#include <set>

namespace deed::gemini {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const GeminiWireOptions second{.model = "gemini-2.5-flash", .replay_to = "me"};
const GeminiWireOptions third{.model = "gemini-3-pro-preview", .replay_to = "me"};
const std::string waived = "skip_thought_signature_validator";

Json signed_call(const std::string& signature, const std::string& id = {}) {
  Json item = {{"type", "call"}, {"thoughtSignature", signature}};
  if (!id.empty()) item["id"] = id;
  return item;
}

Json body_of(const ModelRequest& request, const GeminiWireOptions& options = second) {
  const auto body = parse_json(to_gemini_wire(request, options));
  EXPECT_OK(body);
  return body ? *body : Json();
}

// Two calls at once whose results are told, and a word of the user.
ModelRequest sample() {
  ModelRequest request{.system = "You act."};
  request.messages = {user("Get both and mail them."),
                      assistant("Two pages.", {{"c1", "http.get", {{"url", "https://a.example"}}}, {"c2", "http.get", {{"url", "https://b.example"}}}},
                                Json::array({{{"type", "text"}, {"bytes", 10}}, signed_call("sig1", "g1")})),
                      result("c1", "http.get", "120 €"),
                      result("c2", "http.get", "no"),
                      user("Be quick."),
                      assistant("Done.")};
  request.messages.push_back(user("Thanks"));
  const Json schema = {{"type", "object"}, {"properties", {{"url", {{"type", "string"}}}}}, {"additionalProperties", false}};
  request.tools = {{.name = "http.get", .description = "Fetch", .parameters = schema}, {.name = "time.now", .description = "The time"}};
  return request;
}

TEST(GeminiWire, SaysARequestAsTheApiHasIt) {
  ModelRequest request = sample();
  Message failed = result("c2", "http.get", "no");
  failed.is_error = true;
  request.messages.replace(3, failed);
  request.temperature = 0.5;
  request.top_p = 0.9;
  request.seed = 7;
  request.stop = {"END"};
  const Json expected = parse_json(R"({
    "systemInstruction": {"parts": [{"text": "You act."}]},
    "tools": [{"functionDeclarations": [
      {"name": "http__get", "description": "Fetch",
        "parametersJsonSchema": {"type": "object", "properties": {"url": {"type": "string"}}, "additionalProperties": false}},
      {"name": "time__now", "description": "The time"}]}],
    "contents": [
      {"role": "user", "parts": [{"text": "Get both and mail them."}]},
      {"role": "model", "parts": [
        {"text": "Two pages."},
        {"functionCall": {"id": "g1", "name": "http__get", "args": {"url": "https://a.example"}}, "thoughtSignature": "sig1"},
        {"functionCall": {"name": "http__get", "args": {"url": "https://b.example"}}}]},
      {"role": "user", "parts": [
        {"functionResponse": {"id": "g1", "name": "http__get", "response": {"output": "120 €"}}},
        {"functionResponse": {"name": "http__get", "response": {"error": "no"}}}]},
      {"role": "user", "parts": [{"text": "Be quick."}]},
      {"role": "model", "parts": [{"text": "Done."}]},
      {"role": "user", "parts": [{"text": "Thanks"}]}],
    "generationConfig": {"maxOutputTokens": 10240, "temperature": 0.5, "topP": 0.9, "seed": 7, "stopSequences": ["END"],
      "thinkingConfig": {"includeThoughts": true}}})")
                            .value();
  EXPECT_EQ(to_text(body_of(request), 1), to_text(expected, 1));
}

TEST(GeminiWire, LeavesOutWhatIsNotAskedFor) {
  const Json body = body_of({.messages = {user("Hi")}}, {.model = "gemini-2.0-flash"});
  EXPECT_EQ(body.size(), 2u);
  EXPECT_EQ(body["generationConfig"], (Json{{"maxOutputTokens", 2048}}));
}

TEST(GeminiWire, BeginsEachTurnWithTheBytesOfTheTurnBefore) {
  const ModelRequest whole = sample();
  std::string before;
  for (std::size_t n = 1; n <= whole.messages.size(); ++n) {
    ModelRequest turn = whole;
    turn.messages.cut(n);
    const std::string body = to_gemini_wire(turn, third);
    EXPECT_TRUE(body.starts_with(before)) << body << "\ndoes not begin with\n" << before;
    // Results of one turn are one content, so the end of it may still move.
    before = body.substr(0, body.rfind("]}],\"generationConfig\""));
    EXPECT_GT(before.size(), 100u);
  }
}

TEST(GeminiWire, AWriterThatGoesOnGivesTheBytesOfOneThatBegins) {
  ModelRequest whole = sample();
  whole.messages.push_back(assistant("", {{"c3", "http.get"}}, Json{{"x", 1}}, "another"));
  whole.messages.push_back(result("c3", "http.get", "1"));
  whole.messages.push_back(user("And then?"));
  for (const GeminiWireOptions& options : {second, third}) {
    GeminiWire writer(options);
    for (std::size_t n = 0; n <= whole.messages.size(); ++n) {
      ModelRequest turn = whole;
      turn.messages.cut(n);
      EXPECT_EQ(writer.write(turn), to_gemini_wire(turn, options));
      EXPECT_EQ(writer.write(turn), to_gemini_wire(turn, options));
    }
    ModelRequest changed = whole;
    changed.messages.replace(1, assistant("other"));
    EXPECT_EQ(writer.write(changed), to_gemini_wire(changed, options));
    changed.messages.cut(1);
    EXPECT_EQ(writer.write(changed), to_gemini_wire(changed, options));
    EXPECT_EQ(writer.write(whole), to_gemini_wire(whole, options));
  }
}

TEST(GeminiWire, SendsSignaturesAndIdsBackToTheirOwnProviderOnly) {
  EXPECT_THAT(to_gemini_wire(sample(), third), AllOf(HasSubstr("sig1"), HasSubstr("\"g1\"")));
  for (const char* other : {"", "you", "me2"}) {
    EXPECT_THAT(to_gemini_wire(sample(), {.model = third.model, .replay_to = other}), AllOf(Not(HasSubstr("sig1")), Not(HasSubstr("\"g1\"")))) << other;
  }
}

TEST(GeminiWire, GivesBackWhatTheStreamKept) {
  ReplyReader::Options options;
  GeminiStream stream(options, "me");
  const Json parts = Json::array({{{"text", "Hm."}, {"thought", true}, {"thoughtSignature", "s0"}},
                                  {{"text", "Zoë: "}},
                                  {{"text", "look."}, {"thoughtSignature", "s1"}},
                                  {{"functionCall", {{"id", "g1"}, {"name", "f"}, {"args", {{"a", 1}}}}}, {"thoughtSignature", "s2"}},
                                  {{"functionCall", {{"name", "f"}, {"args", {{"a", 2}}}}}},
                                  {{"text", ""}, {"thoughtSignature", "s3"}}});
  const Json document = {{"candidates", Json::array({{{"content", {{"parts", parts}}}, {"finishReason", "STOP"}}})}};
  ASSERT_OK(stream.feed(to_text(document)));
  const Result<Reply> reply = stream.finish("application/json");
  ASSERT_OK(reply);
  Message said = assistant(reply->text, reply->tool_calls);
  said.replay = reply->replay;
  ModelRequest request{.messages = {user("x"), said, result(reply->tool_calls[0].id, "f", "1"), result(reply->tool_calls[1].id, "f", "2")}};
  const Json contents = body_of(request, third)["contents"];
  EXPECT_EQ(to_text(contents[1]["parts"], 1), to_text(parts, 1));
  EXPECT_EQ(contents[2]["parts"][0]["functionResponse"]["id"], "g1");
  EXPECT_FALSE(contents[2]["parts"][1]["functionResponse"].contains("id"));
}

TEST(GeminiWire, KeepsToTheMessageWhereTheReplayedPartsNoLongerFit) {
  const Json items = Json::array({{{"type", "text"}, {"bytes", 1}, {"thoughtSignature", "s"}}, signed_call("c"), signed_call("d"), 7, {{"type", "text"}, {"bytes", 99}}});
  ModelRequest request{.messages = {user("x"), assistant("€!", {{"c1", "f"}}, items), result("c1", "f", "1")}};
  const Json parts = body_of(request)["contents"][1]["parts"];
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0], (Json{{"text", ""}, {"thoughtSignature", "s"}}));
  EXPECT_EQ(parts[1]["thoughtSignature"], "c");
  EXPECT_EQ(parts[2], (Json{{"text", "€!"}}));
}

TEST(GeminiWire, WaivesSignaturesOfForeignCallsInTheTurnAtHandOnly) {
  ModelRequest request{.messages = {user("x"), assistant("", {{"a1", "f"}}), result("a1", "f", "1"), user("y"), assistant("", {{"b1", "f"}, {"b2", "f"}}),
                                    result("b1", "f", "1"), result("b2", "f", "1"), assistant("", {{"c1", "f"}}, Json::array({signed_call("own")})),
                                    result("c1", "f", "1")}};
  const Json contents = body_of(request, third)["contents"];
  EXPECT_FALSE(contents[1]["parts"][0].contains("thoughtSignature"));
  EXPECT_EQ(contents[4]["parts"][0]["thoughtSignature"], waived);
  EXPECT_FALSE(contents[4]["parts"][1].contains("thoughtSignature"));
  EXPECT_EQ(contents[6]["parts"][0]["thoughtSignature"], "own");
  EXPECT_THAT(to_gemini_wire(request, second), Not(HasSubstr(waived)));
  EXPECT_THAT(to_gemini_wire(request, {.model = "gemini-flash-latest"}), HasSubstr(waived));
}

TEST(GeminiWire, AsksForThinkingInTheWordsOfTheModel) {
  struct Case {
    const char* model;
    Effort effort;
    const char* config;
    std::int64_t max_tokens;
  };
  const Case cases[] = {
      {"gemini-2.5-flash", Effort::as_it_likes, R"({"includeThoughts":true})", 10'240},
      {"gemini-2.5-flash", Effort::none, R"({"thinkingBudget":0})", 2048},
      {"gemini-2.5-flash-lite", Effort::as_it_likes, "null", 2048},
      {"gemini-2.5-flash-lite", Effort::low, R"({"includeThoughts":true,"thinkingBudget":2048})", 4096},
      {"models/gemini-2.5-pro", Effort::none, R"({"includeThoughts":true,"thinkingBudget":128})", 3072},
      {"gemini-2.5-pro", Effort::high, R"({"includeThoughts":true,"thinkingBudget":24576})", 26'624},
      {"gemini-3-pro-preview", Effort::none, R"({"includeThoughts":true,"thinkingLevel":"low"})", 3072},
      {"gemini-3-pro-preview", Effort::medium, R"({"includeThoughts":true,"thinkingLevel":"high"})", 10'240},
      {"gemini-3.1-pro-preview", Effort::medium, R"({"includeThoughts":true,"thinkingLevel":"medium"})", 10'240},
      {"gemini-3-flash-preview", Effort::none, R"({"includeThoughts":true,"thinkingLevel":"minimal"})", 3072},
      {"gemini-pro-latest", Effort::low, R"({"includeThoughts":true,"thinkingBudget":2048})", 4096},
      {"gemini-2.0-flash", Effort::high, "null", 2048},
      {"gemini-1.5-pro", Effort::high, "null", 2048},
      {"gemini-2.5-flash-image", Effort::high, "null", 2048},
      {"gemma-3-27b-it", Effort::high, "null", 2048},
  };
  for (const Case& c : cases) {
    const Json config = body_of({.messages = {user("x")}, .effort = c.effort}, {.model = c.model})["generationConfig"];
    EXPECT_EQ(to_text(config.value("thinkingConfig", Json())), c.config) << c.model << " " << to_string(c.effort);
    EXPECT_EQ(config["maxOutputTokens"], c.max_tokens) << c.model << " " << to_string(c.effort);
  }
}

TEST(GeminiWire, AsksForNoMoreTokensThanTheModelCanGive) {
  const auto asked = [](std::int64_t max_tokens) {
    return body_of({.messages = {user("x")}, .max_tokens = max_tokens, .effort = Effort::high})["generationConfig"]["maxOutputTokens"];
  };
  EXPECT_EQ(asked(60'000), 65'536);
  EXPECT_EQ(asked(100'000), 100'000);
}

TEST(GeminiWire, SaysWhichToolMayBeCalled) {
  ModelRequest request = sample();
  EXPECT_FALSE(body_of(request).contains("toolConfig"));
  request.tool_choice.mode = ToolCalling::Mode::required;
  EXPECT_EQ(body_of(request)["toolConfig"], (Json{{"functionCallingConfig", {{"mode", "ANY"}}}}));
  request.tool_choice = {ToolCalling::Mode::named, "http.get"};
  EXPECT_EQ(body_of(request)["toolConfig"], (Json{{"functionCallingConfig", {{"mode", "ANY"}, {"allowedFunctionNames", Json::array({"http__get"})}}}}));
  request.tool_choice.mode = ToolCalling::Mode::none;
  EXPECT_EQ(body_of(request)["toolConfig"], (Json{{"functionCallingConfig", {{"mode", "NONE"}}}}));
  request.tools = {};
  EXPECT_FALSE(body_of(request).contains("toolConfig"));
}

TEST(GeminiWire, AsksForASchemaBesideToolsOnlyWhereTheModelTakesBoth) {
  ModelRequest request = sample();
  request.response_schema = Json{{"type", "object"}, {"properties", {{"n", {{"type", "integer"}}}}}};
  const Json both = body_of(request, third);
  EXPECT_EQ(both["generationConfig"]["responseMimeType"], "application/json");
  EXPECT_EQ(both["generationConfig"]["responseJsonSchema"], *request.response_schema);
  EXPECT_EQ(both["systemInstruction"]["parts"][0]["text"], "You act.");
  const Json in_words = body_of(request, second);
  EXPECT_FALSE(in_words["generationConfig"].contains("responseMimeType"));
  EXPECT_THAT(in_words["systemInstruction"]["parts"][0]["text"].get<std::string>(), AllOf(HasSubstr("You act."), HasSubstr(to_text(*request.response_schema))));
  request.tools = {};
  EXPECT_TRUE(body_of(request, second)["generationConfig"].contains("responseJsonSchema"));
}

TEST(GeminiWire, CarriesAPictureAndADocumentByteForByte) {
  const std::string picture = "\x89PNG\r\n\x1A\n" + every_byte(), document = "%PDF-1.7\n" + every_byte();
  Message shown = result("c1", "file.read", "Here");
  shown.media = {media("image/png", "cat.png", picture), media("application/pdf", "bill.pdf", document), media("audio/mpeg", "a.mp3", document)};
  const ModelRequest request{.messages = {user("Look", {media("image/png", "cat.png", picture)}), assistant("", {{"c1", "file.read"}, {"c2", "f"}}), shown,
                                          result("c2", "f", "1")}};
  const auto check = [&](const Json& part, const char* type, const std::string& bytes) {
    EXPECT_EQ(part["inlineData"]["mimeType"], type);
    EXPECT_EQ(parse_base64(part["inlineData"]["data"].get<std::string>()).value(), bytes);
  };
  const Json before_third = body_of(request, second)["contents"];
  ASSERT_EQ(before_third[0]["parts"].size(), 2u);
  check(before_third[0]["parts"][0], "image/png", picture);
  EXPECT_EQ(before_third[0]["parts"][1]["text"], "Look");
  // Behind all results of the turn.
  const Json& followed = before_third[2]["parts"];
  ASSERT_EQ(followed.size(), 5u);
  EXPECT_TRUE(followed[1].contains("functionResponse"));
  check(followed[2], "image/png", picture);
  check(followed[3], "application/pdf", document);
  check(followed[4], "audio/mp3", document);
  // Inside the result, but for what it cannot hold.
  const Json held = body_of(request, third)["contents"][2]["parts"];
  ASSERT_EQ(held.size(), 3u);
  const Json& response = held[0]["functionResponse"];
  EXPECT_EQ(response["response"]["output"], "Here");
  ASSERT_EQ(response["parts"].size(), 2u);
  check(response["parts"][0], "image/png", picture);
  check(response["parts"][1], "application/pdf", document);
  check(held[2], "audio/mp3", document);
}

TEST(GeminiWire, BeginsEveryToolNameWithALetterAndBringsItBack) {
  std::set<std::string> seen;
  for (const char* name : {"http.get", "3d.render", "n_3d__render", "-x", "_x", "n_", "n.x", "n", "", "é"}) {
    const std::string wire = gemini_tool_name(name);
    EXPECT_TRUE(std::isalpha(static_cast<unsigned char>(wire.front())) || wire.front() == '_') << wire;
    EXPECT_TRUE(seen.insert(wire).second) << wire;
    EXPECT_EQ(tool_name_from_gemini(wire), wire_tool_name(name));
  }
}

TEST(GeminiWire, HasNoContentWithoutParts) {
  const ModelRequest request{.messages = {user(""), assistant("", {}), user("x")}};
  const Json body = body_of(request);
  for (const Json& content : body["contents"]) EXPECT_FALSE(content["parts"].empty());
}

TEST(GeminiWire, IsValidJsonInUtf8WhateverTheMessagesHold) {
  const std::string wild = std::string("\xC3(\0\x1b[31m\xE2\x82", 10);
  ModelRequest request{.system = "\xFF\x01\"\\"};
  request.messages = {user(wild), assistant(wild, {{wild, wild, {{wild, wild}}}}, Json::array({signed_call(wild, wild)})), result(wild, wild, wild)};
  const std::string body = to_gemini_wire(request, {.model = wild, .replay_to = "me"});
  EXPECT_TRUE(is_utf8(body));
  EXPECT_OK(parse_json(body));
}

// What the API demands of every conversation: the user begins, each content has parts, and behind a content with calls stands one with
// as many responses, in order.
void expect_valid(const Json& body) {
  Json calls = Json::array();
  for (const Json& content : body["contents"]) {
    ASSERT_FALSE(content["parts"].empty());
    Json responses = Json::array(), next = Json::array();
    for (const Json& part : content["parts"]) {
      if (part.contains("functionResponse")) responses.push_back(part["functionResponse"]["name"]);
      if (part.contains("functionCall")) next.push_back(part["functionCall"]["name"]);
    }
    ASSERT_EQ(responses.size(), calls.size());
    calls = std::move(next);
  }
  ASSERT_TRUE(calls.empty());
  ASSERT_TRUE(body["contents"].empty() || body["contents"][0]["role"] == "user");
}

TEST(GeminiWire, IsAsTheApiDemandsForFiveHundredRandomConversations) {
  RandomTranscripts random(1, {Json::array({signed_call("s", "g1")}), Json::array({{{"type", "text"}, {"bytes", 3}, {"thoughtSignature", "t"}}, signed_call("s")}),
                               Json::array({{{"type", "part"}, {"part", {{"text", "Hm"}, {"thought", true}, {"thoughtSignature", "u"}}}}}),
                               Json{{"reasoning_content", "x"}}});
  for (const GeminiWireOptions& options : {second, third}) {
    GeminiWire writer(options);
    for (int i = 0; i < 500; ++i) {
      const ModelRequest request{.messages = random.next()};
      const std::string body = writer.write(request);
      ASSERT_EQ(body, to_gemini_wire(request, options));
      ASSERT_TRUE(is_utf8(body));
      ASSERT_NO_FATAL_FAILURE(expect_valid(body_of(request, options))) << body;
    }
  }
}

class GeminiModelTest : public OpenedModel {};

TEST_F(GeminiModelTest, SendsItsKeyInAHeaderAndTheModelInTheAddress) {
  variables = {{"GEMINI_API_KEY", "k-gemini"}};
  const HttpRequest request = request_of("gemini:gemini-2.5-flash");
  EXPECT_EQ(request.url.text(), "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse");
  EXPECT_EQ(header(request, "x-goog-api-key"), "k-gemini");
  EXPECT_EQ(header(request, "Authorization"), "absent");
}

TEST_F(GeminiModelTest, PrefersTheKeyThatGooglesOwnClientPrefers) {
  variables = {{"GEMINI_API_KEY", "k-gemini"}, {"GOOGLE_API_KEY", "k-google"}};
  EXPECT_EQ(header(request_of("gemini:m"), "x-goog-api-key"), "k-google");
}

TEST_F(GeminiModelTest, FindsTheModelOfAnotherServer) {
  struct Case {
    const char *base, *model, *url;
  };
  for (const Case& c :
       {Case{"http://127.0.0.1:9", "m", "http://127.0.0.1:9/v1beta/models/m:streamGenerateContent?alt=sse"},
        Case{"http://127.0.0.1:9/", "models/m", "http://127.0.0.1:9/v1beta/models/m:streamGenerateContent?alt=sse"},
        Case{"http://127.0.0.1:9/v1/", "tunedModels/m", "http://127.0.0.1:9/v1/tunedModels/m:streamGenerateContent?alt=sse"},
        Case{"https://example.org/g?x=y", "a b?#é", "https://example.org/g/v1beta/models/a%20b%3F%23%C3%A9:streamGenerateContent?alt=sse&x=y"}}) {
    variables = {{"GOOGLE_GEMINI_BASE_URL", c.base}};
    EXPECT_EQ(request_of(std::string("gemini:") + c.model).url.text(), c.url);
  }
}

TEST_F(GeminiModelTest, GivesAModelItsSignaturesBackAndNoOtherModelOrServer) {
  http.document = R"([{"candidates":[{"content":{"parts":[{"text":"Hi","thoughtSignature":"sig-of-it"}]},"finishReason":"STOP"}]}])";
  variables = {{"GEMINI_API_KEY", "k"}};
  const Result<Reply> reply = ask("gemini:gemini-3-pro-preview", {user("x")});
  ASSERT_OK(reply);
  Message said = assistant(reply->text);
  said.replay = reply->replay;
  const Transcript messages = {user("x"), said, user("y")};
  ASSERT_OK(ask("gemini:gemini-3-pro-preview", messages));
  EXPECT_THAT(http.requests.back().body, HasSubstr("sig-of-it"));
  ASSERT_OK(ask("gemini:gemini-3-flash-preview", messages));
  EXPECT_THAT(http.requests.back().body, Not(HasSubstr("sig-of-it")));
  variables = {{"GOOGLE_GEMINI_BASE_URL", "https://example.org"}};
  ASSERT_OK(ask("gemini:gemini-3-pro-preview", messages));
  EXPECT_THAT(http.requests.back().body, Not(HasSubstr("sig-of-it")));
}

TEST_F(GeminiModelTest, SaysThatItNeedsAKey) {
  const ModelEnvironment environment{.executor = io.get_executor(), .http = &http};
  EXPECT_THAT(open_model("gemini:gemini-2.5-flash", environment), IsError(ErrorKind::denied, HasSubstr("GOOGLE_API_KEY")));
}

}  // namespace
}  // namespace deed::gemini
