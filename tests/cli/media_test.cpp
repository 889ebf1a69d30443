// A picture, a sound and a PDF that are attached reach each provider byte for byte, in its own shape; what a provider has no shape for is
// named to it and not sent.
#include "deed/core/base64.hpp"
#include "deed/tests/cli/command_fixture.hpp"
#include "deed/tests/llm/recorded_streams.hpp"


namespace deed {
namespace {

using testing::HasSubstr;
using testing::Not;

// Every byte there is, and one more than base64 has without padding.
std::string bytes_behind(const std::string& head) {
  std::string out = head;
  for (int i = 0; i < 256; ++i) out += static_cast<char>(i);
  while (out.size() % 3 != 1) out += '\xFF';
  return out;
}
const std::string png = bytes_behind("\x89PNG\r\n\x1A\n");
const std::string wav = bytes_behind(std::string("RIFF\x10\0\0\0WAVE", 12));
const std::string pdf = bytes_behind("%PDF-1.7\n");

// What a request carries besides text: what it is called there, and base64.
using Carried = std::vector<std::pair<std::string, std::string>>;

// "data:image/png;base64,AAAA"
void add_url(Carried& out, const std::string& url) {
  const std::size_t comma = url.find(',');
  out.emplace_back(url.substr(0, comma), url.substr(comma + 1));
}

Carried in_chat(const Json& body) {
  Carried out;
  for (const Json& message : body["messages"]) {
    if (!message["content"].is_array()) continue;
    for (const Json& part : message["content"]) {
      const std::string type = part["type"];
      if (type == "image_url") add_url(out, part["image_url"]["url"]);
      if (type == "input_audio") out.emplace_back(part["input_audio"]["format"], part["input_audio"]["data"]);
      if (type == "file") add_url(out, part["file"]["file_data"]);
    }
  }
  return out;
}

Carried in_responses(const Json& body) {
  Carried out;
  for (const Json& item : body["input"]) {
    if (!item["content"].is_array()) continue;
    for (const Json& part : item["content"]) {
      const std::string type = part["type"];
      if (type == "input_image") add_url(out, part["image_url"]);
      if (type == "input_file") add_url(out, part["file_data"]);
    }
  }
  return out;
}

Carried in_anthropic(const Json& body) {
  Carried out;
  for (const Json& message : body["messages"]) {
    for (const Json& block : message["content"]) {
      if (block["type"] == "text") continue;
      EXPECT_EQ(block["source"]["type"], "base64");
      out.emplace_back(block["type"].get<std::string>() + " " + block["source"]["media_type"].get<std::string>(), block["source"]["data"]);
    }
  }
  return out;
}

Carried in_gemini(const Json& body) {
  Carried out;
  for (const Json& content : body["contents"]) {
    for (const Json& part : content["parts"]) {
      if (part.contains("inlineData")) out.emplace_back(part["inlineData"]["mimeType"], part["inlineData"]["data"]);
    }
  }
  return out;
}

Carried in_ollama(const Json& body) {
  Carried out;
  for (const Json& message : body["messages"]) {
    for (const Json& image : message.value("images", Json::array())) out.emplace_back("images", image);
  }
  return out;
}

struct MediaCase {
  std::string name;
  std::string model, variable;  // "PORT" is the server's; variables with a key beside
  std::string answer, type;     // a recording that ends the run
  Carried (*carried)(const Json& body);
  std::map<std::string, std::string> called = {};  // what each file is called; one that is not here is not sent
  friend void PrintTo(const MediaCase& provider, std::ostream* out) { *out << provider.name; }
};

const std::vector<MediaCase> cases = {
    {"Chat", "http://127.0.0.1:PORT/v1#some-model", "OPENAI_API_KEY=k", "chat/openai_text.sse", "text/event-stream", in_chat,
     {{"cat.png", "data:image/png;base64"}, {"word.wav", "wav"}, {"plan.pdf", "data:application/pdf;base64"}}},
    {"Responses", "openai-responses:gpt-5", "OPENAI_BASE_URL=http://127.0.0.1:PORT/v1", "responses/text.sse", "text/event-stream", in_responses,
     {{"cat.png", "data:image/png;base64"}, {"plan.pdf", "data:application/pdf;base64"}}},
    {"Anthropic", "anthropic:claude-sonnet-4-5", "ANTHROPIC_BASE_URL=http://127.0.0.1:PORT", "anthropic/text.sse", "text/event-stream", in_anthropic,
     {{"cat.png", "image image/png"}, {"plan.pdf", "document application/pdf"}}},
    {"Gemini", "gemini:gemini-2.5-flash", "GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:PORT", "gemini/text.sse", "text/event-stream", in_gemini,
     {{"cat.png", "image/png"}, {"word.wav", "audio/wav"}, {"plan.pdf", "application/pdf"}}},
    {"Ollama", "ollama:llava", "OLLAMA_HOST=127.0.0.1:PORT", "ollama/text.ndjson", "application/x-ndjson", in_ollama, {{"cat.png", "images"}}},
};

class AttachedMedia : public CommandTest, public testing::WithParamInterface<MediaCase> {
 protected:
  AttachedMedia() {
    put("work/cat.png", png), put("work/word.wav", wav), put("work/plan.pdf", pdf);
  }

  // Runs with the files attached and gives the bodies that the server was sent.
  std::vector<Json> ask(const std::vector<std::string>& files) {
    const MediaCase& provider = GetParam();
    const std::string answer = load_file(std::filesystem::path(DEED_SOURCE_DIR) / "tests/data" / provider.answer);
    fakes::HttpServer server([&](const fakes::SeenRequest&) { return fakes::HttpReply::ok(answer, provider.type); });
    std::vector<std::string> arguments = {"run", "--model", at(server, provider.model)};
    for (const std::string& file : files) arguments.insert(arguments.end(), {"--attach", file});
    arguments.emplace_back("What is it?");
    ended_ = wait(start(arguments, "/dev/null", {at(server, provider.variable)}));
    EXPECT_EQ(ended_.code, 0) << ended_.err;
    std::vector<Json> bodies;
    for (const fakes::SeenRequest& request : server.requests()) bodies.push_back(parse_json(request.body).value());
    return bodies;
  }

  static std::string at(const fakes::HttpServer& server, std::string text) {
    if (const std::size_t port = text.find("PORT"); port != std::string::npos) text.replace(port, 4, std::to_string(server.port()));
    return text;
  }
  bool is_taken(const std::string& file) const { return GetParam().called.contains(file); }

  Ended ended_;
};

INSTANTIATE_TEST_SUITE_P(EveryProvider, AttachedMedia, testing::ValuesIn(cases), [](const auto& test) { return test.param.name; });

TEST_P(AttachedMedia, ReachTheProviderByteForByteInItsOwnShape) {
  const std::map<std::string, std::string> files = {{"cat.png", png}, {"word.wav", wav}, {"plan.pdf", pdf}};
  for (const auto& [file, called] : GetParam().called) {
    const std::vector<Json> bodies = ask({file});
    ASSERT_EQ(bodies.size(), 1u);
    const Carried carried = GetParam().carried(bodies[0]);
    ASSERT_EQ(carried.size(), 1u) << file << " in " << to_text(bodies[0]);
    EXPECT_EQ(carried[0].first, called);
    const Result<std::string> bytes = parse_base64(carried[0].second);
    ASSERT_OK(bytes);
    EXPECT_TRUE(*bytes == files.at(file)) << file;
  }
}

TEST_P(AttachedMedia, ReachTheProviderTogetherInTheirOrder) {
  std::vector<std::string> wanted, called;
  for (const char* file : {"cat.png", "word.wav", "plan.pdf"}) {
    if (!is_taken(file)) continue;
    wanted.emplace_back(GetParam().called.at(file));
  }
  const std::vector<Json> bodies = ask({"cat.png", "word.wav", "plan.pdf"});
  ASSERT_EQ(bodies.size(), 1u);
  for (const auto& [name, data] : GetParam().carried(bodies[0])) called.push_back(name);
  EXPECT_EQ(called, wanted);
}

TEST_P(AttachedMedia, AreNamedToAProviderThatTakesNoneOfTheirKindAndTheUserIsTold) {
  const std::map<std::string, std::pair<std::string, std::string>> kinds = {{"word.wav", {"takes no sounds", wav}}, {"plan.pdf", {"takes no documents", pdf}}};
  for (const auto& [file, kind] : kinds) {
    if (is_taken(file)) continue;
    const std::vector<Json> bodies = ask({file});
    ASSERT_EQ(bodies.size(), 1u);
    EXPECT_TRUE(GetParam().carried(bodies[0]).empty());
    EXPECT_THAT(to_text(bodies[0]), HasSubstr(file));
    EXPECT_THAT(to_text(bodies[0]), Not(HasSubstr(base64(kind.second).substr(0, 40))));
    EXPECT_THAT(ended_.err, HasSubstr(kind.first));
  }
}

}  // namespace
}  // namespace deed
