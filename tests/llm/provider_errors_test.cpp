#include "deed/llm/remote/provider_errors.hpp"

#include "deed/tests/fakes/matchers.hpp"

#include <gtest/gtest.h>

namespace deed {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

HttpResponse response(int status, std::string body = {}, HttpHeaders headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = std::move(body), .peer = {}};
}
const Endpoint endpoint{.where = "https://example.org/v1/chat/completions"};
const TimePoint now =
    TimePoint(std::chrono::milliseconds(1'764'020'138'000));  // 2025-11-24T21:35:38Z

struct Case {
  int status;
  const char* body;
  ErrorKind kind;
  const char* says;
};

// Bodies as OpenAI, llama-server, vLLM, Ollama, OpenRouter, FastAPI and a proxy word them.
const Case table[] = {
    {400,
     R"({"error":{"message":"Invalid value for 'seed'","type":"invalid_request_error","code":null}})",
     ErrorKind::invalid, "Invalid value for 'seed'"},
    {400,
     R"({"error":{"message":"This model's maximum context length is 8192 tokens.","type":"invalid_request_error","code":"context_length_exceeded"}})",
     ErrorKind::limit, "larger context window"},
    {400,
     R"j({"error":{"code":400,"message":"request (9000 tokens) exceeds the available context size (4096 tokens)","type":"exceed_context_size_error"}})j",
     ErrorKind::limit, "9000 tokens"},
    {400,
     R"({"object":"error","message":"This model's maximum context length is 4096 tokens","type":"BadRequestError","param":null,"code":400})",
     ErrorKind::limit, "4096"},
    {401,
     R"({"error":{"message":"Incorrect API key provided","type":"invalid_request_error","code":"invalid_api_key"}})",
     ErrorKind::denied, "check the API key"},
    {402, R"({"error":{"message":"Insufficient Balance","type":"unknown_error"}})",
     ErrorKind::denied, "Insufficient Balance"},
    {403, "", ErrorKind::denied, "(403)"},
    {404,
     R"({"error":{"message":"model \"lama3\" not found, try pulling it first","type":"api_error"}})",
     ErrorKind::not_found, "model's name"},
    {404, R"({"detail":"Not Found"})", ErrorKind::not_found, "/v1"},
    {405, R"({"detail":"Method Not Allowed"})", ErrorKind::invalid, "/v1"},
    {408, "", ErrorKind::unavailable, "try again"},
    {409, "", ErrorKind::unavailable, "try again"},
    {413, "<html>Request Entity Too Large</html>", ErrorKind::limit, "Too Large"},
    {422, R"({"detail":[{"loc":["body","messages"],"msg":"field required"}]})", ErrorKind::invalid,
     "field required"},
    {400,
     R"({"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com","metadata":{"service":"generativelanguage.googleapis.com"}},{"@type":"type.googleapis.com/google.rpc.LocalizedMessage","locale":"en-US","message":"API key not valid. Please pass a valid API key."}]}})",
     ErrorKind::denied, "check the API key"},
    {400,
     R"([{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}])",
     ErrorKind::denied, "API key not valid"},
    {400,
     R"({"error":{"code":400,"message":"Invalid JSON payload received.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"description":"Unknown name"}]}]}})",
     ErrorKind::invalid, "Invalid JSON payload"},
    {403,
     R"({"error":{"code":403,"message":"Generative Language API has not been used in project 1.","status":"PERMISSION_DENIED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"SERVICE_DISABLED"}]}})",
     ErrorKind::denied, "has not been used"},
    {503,
     R"([{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}])",
     ErrorKind::unavailable, "overloaded"},
    {429,
     R"({"error":{"message":"Rate limit reached","type":"tokens","code":"rate_limit_exceeded"}})",
     ErrorKind::unavailable, "Rate limit reached"},
    {429,
     R"({"error":{"message":"Rate limit reached: too many tokens per minute","code":"rate_limit_exceeded"}})",
     ErrorKind::unavailable, "per minute"},
    {429,
     R"({"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}})",
     ErrorKind::denied, "quota is used up"},
    {500, R"({"error":"out of memory"})", ErrorKind::unavailable, "out of memory"},
    {502, "<html><body>Bad Gateway</body></html>", ErrorKind::unavailable, "Bad Gateway"},
    {503, R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})",
     ErrorKind::unavailable, "Loading model"},
    {529, "", ErrorKind::unavailable, "(529)"},
    {301, "", ErrorKind::invalid, "final address"},
};

TEST(ProviderErrors, SayWhatTheCallerMayDoForEachStatus) {
  for (const Case& c : table) {
    const Error error = to_error(response(c.status, c.body), endpoint);
    EXPECT_EQ(error.kind, c.kind) << c.status << " " << c.body << ": " << to_string(error.kind);
    EXPECT_THAT(to_string(error), AllOf(HasSubstr(c.says), HasSubstr(endpoint.where))) << c.status;
  }
}

// {"type": "error"} and "error" of a failed response have a code and no status.
// https://platform.openai.com/docs/api-reference/responses/object (error.code)
TEST(ProviderErrors, SayWhatTheCallerMayDoForEachCodeOfAnEventInTheMiddleOfAStream) {
  const std::pair<const char*, ErrorKind> codes[] = {
      {"server_error", ErrorKind::unavailable},         {"rate_limit_exceeded", ErrorKind::unavailable},
      {"vector_store_timeout", ErrorKind::unavailable}, {"overloaded_error", ErrorKind::unavailable},
      {"", ErrorKind::unavailable},                     {"something_new", ErrorKind::unavailable},
      {"invalid_prompt", ErrorKind::invalid},           {"invalid_image", ErrorKind::invalid},
      {"invalid_image_format", ErrorKind::invalid},     {"invalid_base64_image", ErrorKind::invalid},
      {"invalid_image_url", ErrorKind::invalid},        {"image_too_large", ErrorKind::invalid},
      {"image_parse_error", ErrorKind::invalid},        {"image_content_policy_violation", ErrorKind::invalid},
      {"unsupported_image_media_type", ErrorKind::invalid}, {"empty_image_file", ErrorKind::invalid},
      {"failed_to_download_image", ErrorKind::invalid}, {"image_file_not_found", ErrorKind::invalid},
      {"bio_policy", ErrorKind::invalid},               {"cyber_policy", ErrorKind::invalid},
      {"invalid_request_error", ErrorKind::invalid},    {"BadRequestError", ErrorKind::invalid},
      {"invalid_api_key", ErrorKind::denied},           {"authentication_error", ErrorKind::denied},
      {"permission_error", ErrorKind::denied},          {"not_found_error", ErrorKind::not_found},
      {"model_not_found", ErrorKind::not_found},        {"context_length_exceeded", ErrorKind::limit},
      {"insufficient_quota", ErrorKind::denied},
  };
  for (const auto& [code, kind] : codes) {
    const auto complaint = find_complaint({{"type", "error"}, {"code", code}, {"message", "No."}, {"param", nullptr}, {"sequence_number", 3}});
    ASSERT_TRUE(complaint) << code;
    EXPECT_EQ(to_error(*complaint, endpoint).kind, kind) << code;
  }
}

TEST(ProviderErrors, NameTheTargetOfARedirect) {
  const Error error =
      to_error(response(308, "", {{"location", "https://www.example.org/v1"}}), endpoint);
  EXPECT_THAT(error.what, HasSubstr("https://www.example.org/v1"));
}

TEST(ProviderErrors, AreShortAndHaveNoControlCharacters) {
  const Error error =
      to_error(response(500, "\x1b[2J\r\n" + std::string(3'000'000, 'x') + "\xFF"), endpoint);
  EXPECT_LT(error.what.size(), 400u);
  EXPECT_THAT(error.what, Not(HasSubstr("\x1b")));
}

TEST(ProviderErrors, NeverRepeatTheKeyNotEvenItsHead) {
  Endpoint with_key = endpoint;
  with_key.redactor.add(Secret("sk-proj-0123456789"));
  for (std::size_t before = 150; before < 210; ++before) {
    const std::string body =
        R"({"error":{"message":")" + std::string(before, 'x') + R"(sk-proj-0123456789"}})";
    EXPECT_THAT(to_string(to_error(response(401, body), with_key)), Not(HasSubstr("sk-p")))
        << before;
  }
}

TEST(ProviderErrors, ReadAComplaintOnlyWhereThereIsOne) {
  EXPECT_FALSE(find_complaint(Json{{"choices", Json::array()}, {"error", nullptr}}));
  EXPECT_FALSE(find_complaint(Json{{"choices", Json::array()}, {"message", "x"}, {"detail", "y"}}));
  EXPECT_FALSE(find_complaint(Json{{"type", "message_start"}, {"message", {{"role", "assistant"}}}}));
  EXPECT_FALSE(find_complaint(Json::array({"error"})));
  EXPECT_FALSE(find_complaint(Json::array()));
  EXPECT_FALSE(find_complaint(Json::array({{{"candidates", Json::array()}}})));
  EXPECT_TRUE(find_complaint(Json{{"error", Json::object()}}));
}

TEST(RetryAfter, ReadsSecondsMillisecondsAndDates) {
  const auto wait = [](const char* name, const char* value) {
    return retry_after(response(429, "", {{name, value}}), now);
  };
  EXPECT_EQ(wait("retry-after", "7"), milliseconds(7000));
  EXPECT_EQ(wait("retry-after", "0"), milliseconds(0));
  EXPECT_EQ(wait("retry-after", "1.5"), milliseconds(2000));
  EXPECT_EQ(wait("retry-after-ms", "250"), milliseconds(250));
  EXPECT_EQ(wait("retry-after", "Mon, 24 Nov 2025 21:35:48 GMT"), milliseconds(10'000));
  EXPECT_EQ(wait("retry-after", "Mon, 24 Nov 2025 21:35:00 GMT"), milliseconds(0));
  EXPECT_EQ(wait("retry-after", "99999999999"), milliseconds(86'400'000) * 1000);
}

TEST(RetryAfter, PrefersMilliseconds) {
  EXPECT_EQ(retry_after(response(429, "", {{"retry-after", "7"}, {"retry-after-ms", "250"}}), now),
            milliseconds(250));
}

std::string error_of_google(const std::string& delay) {
  return R"({"error":{"code":429,"message":"You exceeded your current quota.","status":"RESOURCE_EXHAUSTED","details":[)"
         R"({"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaValue":"10"}]},)"
         R"({"@type":"type.googleapis.com/google.rpc.Help","links":[]},)"
         R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":)" + delay + "}]}}";
}

TEST(RetryAfter, IsWhatTheErrorOfGoogleSaysWhereNoHeaderDoes) {
  const auto wait = [](const std::string& body, HttpHeaders headers = {}) { return retry_after(response(429, body, std::move(headers)), now); };
  EXPECT_EQ(wait(error_of_google(R"("12s")")), milliseconds(12'000));
  EXPECT_EQ(wait("[" + error_of_google(R"("12s")") + "]"), milliseconds(12'000));
  EXPECT_EQ(wait(error_of_google(R"("34.074824224s")")), milliseconds(35'000));
  EXPECT_EQ(wait(error_of_google(R"("0s")")), milliseconds(0));
  EXPECT_EQ(wait(error_of_google(R"("12s")"), {{"retry-after", "7"}}), milliseconds(7000));
  EXPECT_EQ(wait(error_of_google(R"("12s")"), {{"retry-after", "soon"}}), milliseconds(12'000));
  EXPECT_EQ(wait(error_of_google(R"("99999999999s")")), milliseconds(86'400'000) * 1000);
}

TEST(RetryAfter, IsNothingWhereTheErrorOfGoogleSaysItDifferently) {
  for (const char* delay : {R"("12")", R"("s")", R"("-1s")", R"("12 s")", R"("soon")", "12", "null", "{}"}) {
    EXPECT_FALSE(retry_after(response(429, error_of_google(delay)), now)) << delay;
  }
  for (const char* body : {"", "[]", "[1]", "7", R"({"error":"12s"})", R"({"error":{"details":{}}})", R"({"error":{"details":[1,null]}})",
                           R"({"error":{"details":[{"@type":7,"retryDelay":"12s"}]}})", R"({"error":{"details":[{"retryDelay":"12s"}]}})"}) {
    EXPECT_FALSE(retry_after(response(429, body), now)) << body;
  }
}

TEST(RetryAfter, IsNothingWhereItCannotBeUnderstood) {
  for (const char* value : {"", "soon", "-1", "7 seconds", "Mon, 31 Feb 2025 21:35:48 GMT",
                            "Mon, 24 Foo 2025 21:35:48 GMT", "Mon, 24 anF 2025 21:35:48 GMT",
                            "24 Nov 2025", "99999999999999999999999"}) {
    EXPECT_FALSE(retry_after(response(429, "", {{"retry-after", value}}), now)) << value;
  }
  EXPECT_FALSE(retry_after(response(429), now));
}

}  // namespace
}  // namespace deed
