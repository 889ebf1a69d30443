// The samples of plugins/samples/, as they are built: each answers, and each folder is a plugin.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <toml++/toml.h>

#include <array>
#include <bit>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "deed/core/schema.hpp"
#include "deed/tests/fakes/run_program.hpp"
#include "deed/tests/plugins/recording_host.hpp"
#include "deed/tests/plugins/wire_conversation.hpp"
#include "deed/tests/tools/tool_doubles.hpp"

namespace {

using deed::Schema;
using deed::TempFolder;
using namespace deed::tests;
using nlohmann::json;
using testing::HasSubstr;

const std::string built_samples = DEED_BINARY_DIR "/plugins/";

// The first tool of a built sample.
class SampleLibrary {
 public:
  explicit SampleLibrary(const std::string& name)
      : library_(::dlopen((built_samples + name + "/lib" + name + ".so").c_str(), RTLD_NOW | RTLD_LOCAL)) {
    EXPECT_NE(library_, nullptr) << ::dlerror();
    const auto entry = reinterpret_cast<deed_plugin_entry_function>(::dlsym(library_, "deed_plugin_entry"));
    plugin_ = entry(host.table());
    EXPECT_EQ(plugin_->name, name);
  }
  SampleLibrary(const SampleLibrary&) = delete;
  SampleLibrary& operator=(const SampleLibrary&) = delete;
  ~SampleLibrary() { ::dlclose(library_); }

  const deed_tool& tool() const { return *plugin_->tools[0]; }
  RecordedAnswer run(const json& arguments) { return host.run(tool(), arguments.dump()); }

  RecordingHost host;

 private:
  void* library_;
  const deed_plugin* plugin_ = nullptr;
};

TEST(Samples, AreFoldersWithAManifestThatNamesWhatIsThere) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(DEED_SOURCE_DIR "/plugins/samples")) {
    if (!entry.is_directory()) continue;
    ++count;
    const std::string name = entry.path().filename();
    const toml::table manifest = toml::parse_file(built_samples + name + "/plugin.toml");
    EXPECT_EQ(manifest["name"].value<std::string>(), name);
    EXPECT_EQ(manifest["version"].value<std::string>(), "1.0.0");
    const std::string program = manifest["library"].value_or(manifest["command"][0].value_or(std::string()));
    if (!program.empty()) {
      EXPECT_TRUE(program.starts_with("./") && std::filesystem::exists(built_samples + name + "/" + program)) << name << ": " << program;
    }
    EXPECT_EQ(program.empty(), manifest["tools"].is_array_of_tables()) << name;
    std::ifstream readme(entry.path() / "README.md");
    const std::string text{std::istreambuf_iterator<char>(readme), {}};
    EXPECT_GE(std::count(text.begin(), text.end(), '\n'), 12) << name;
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 25) << name;
    EXPECT_THAT(text, HasSubstr("--plugin build/plugins/" + name)) << name;
  }
  EXPECT_EQ(count, 7);
}

json to_json(const toml::node& node) {
  std::ostringstream out;
  out << toml::json_formatter(toml::table{{"it", node}});
  return json::parse(out.str())["it"];
}

TEST(Samples, ThatAreScriptsHaveSchemasAndAnEffectClass) {
  for (const char* name : {"exec", "words"}) {
    const toml::table manifest = toml::parse_file(built_samples + name + "/plugin.toml");
    const toml::table& tool = *manifest["tools"][0].as_table();
    EXPECT_TRUE(tool["effect"].is_string()) << name;
    EXPECT_TRUE(Schema::compile(to_json(*tool["arguments"].as_table()))) << name;
  }
}

// ---- sqlite ----

void execute(const std::string& path, const char* sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  char* error = nullptr;
  EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, &error), SQLITE_OK) << error;
  sqlite3_close(database);
}

class SqliteSample : public testing::Test {
 protected:
  SqliteSample() {
    execute(path, "CREATE TABLE orders (id INTEGER PRIMARY KEY, who TEXT, sum REAL, scan BLOB);"
                  "INSERT INTO orders VALUES (1, 'Ann', 2.5, NULL), (2, 'Böb', 40, x'0102'), (3, NULL, 7, NULL)");
  }
  RecordedAnswer query(const std::string& sql, json more = json::object()) {
    more.update({{"database", path}, {"sql", sql}});
    return sample.run(more);
  }

  TempFolder folder;
  std::string path = folder.at("shop.db");
  SampleLibrary sample{"sqlite"};
};

TEST_F(SqliteSample, GivesColumnsAndRows) {
  const auto answer = query("SELECT id, who, sum, scan FROM orders WHERE sum > ? ORDER BY id", {{"parameters", {1}}});
  EXPECT_EQ(answer.status, DEED_SUCCEEDED) << answer.text;
  EXPECT_EQ(answer.result, json::parse(R"({"columns": ["id","who","sum","scan"], "is_cut": false, "rows":
    [[1,"Ann",2.5,null],[2,"Böb",40.0,{"blob_bytes":2}],[3,null,7.0,null]]})"));
}

TEST_F(SqliteSample, BindsParametersOfEveryPlainTypeAndRefusesOthers) {
  EXPECT_EQ(query("SELECT ?,?,?,?,?", {{"parameters", {"a' OR 1", 2, 0.5, true, nullptr}}}).result["rows"][0],
            json({"a' OR 1", 2, 0.5, 1, nullptr}));
  EXPECT_THAT(query("SELECT ?", {{"parameters", {json::array()}}}).text, HasSubstr("neither"));
  EXPECT_THAT(query("SELECT ?").text, HasSubstr("1 parameters, 0 were given"));
}

TEST_F(SqliteSample, ChangesNothingAndReadsNoOtherFile) {
  const std::string before = folder.get("shop.db");
  for (const char* sql : {"DELETE FROM orders", "DROP TABLE orders", "CREATE TABLE x (a)", "INSERT INTO orders (who) VALUES ('x') RETURNING id",
                          "ATTACH 'other.db' AS other", "PRAGMA journal_mode = WAL", "PRAGMA writable_schema = 1", "VACUUM INTO 'copy.db'",
                          "BEGIN", "SELECT load_extension('x')", "SELECT 1; SELECT 2", "SELECT 1; DELETE FROM orders", "", "   ", "SELEC",
                          "SELECT * FROM nothing", "WITH x AS (SELECT 1) DELETE FROM orders", "ANALYZE", "REINDEX", "UPDATE sqlite_master SET sql = ''", "PRAGMA writable_schema"}) {
    EXPECT_EQ(query(sql).status, DEED_FAILED_WITHOUT_EFFECT) << sql;
  }
  EXPECT_EQ(folder.get("shop.db"), before);
  EXPECT_THAT(folder.names(), testing::ElementsAre("shop.db"));
}

TEST_F(SqliteSample, ShowsTablesColumnsAndIndexes) {
  EXPECT_THAT(query("SELECT sql FROM sqlite_schema").result["rows"][0][0].get<std::string>(), HasSubstr("CREATE TABLE orders"));
  EXPECT_EQ(query("SELECT name FROM pragma_table_info('orders')").result["rows"].size(), 4u);
  EXPECT_EQ(query("PRAGMA table_info(orders);").result["rows"].size(), 4u);
}

TEST_F(SqliteSample, StopsAtRowsBytesAndTime) {
  const char* many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) ";
  const auto rows = query(std::string(many) + "SELECT i FROM n", {{"max_rows", 7}});
  EXPECT_EQ(rows.result["rows"].size(), 7u);
  EXPECT_EQ(rows.result["is_cut"], true);
  EXPECT_EQ(query("SELECT 1 UNION SELECT 2", {{"max_rows", 2}}).result["is_cut"], false);
  const auto bytes = query(std::string(many) + "SELECT hex(zeroblob(50000)) FROM n", {{"max_rows", 1000}});
  EXPECT_EQ(bytes.result["rows"].size(), 10u);
  EXPECT_EQ(bytes.result["is_cut"], true);
  EXPECT_EQ(query("SELECT zeroblob(2000000)").status, DEED_FAILED_WITHOUT_EFFECT);
  sample.host.is_cancelled = true;
  EXPECT_THAT(query(std::string(many) + "SELECT count(*) FROM n").text, HasSubstr("took too long"));
}

TEST_F(SqliteSample, SaysWhatIsNoDatabase) {
  EXPECT_THAT(sample.run({{"database", folder.at("none.db")}, {"sql", "SELECT 1"}}).text, HasSubstr("cannot open the database"));
  EXPECT_FALSE(folder.has("none.db"));
  folder.put("text.db", "this is no database, but long enough to be looked at by whoever wants to read one of a hundred bytes and more");
  EXPECT_THAT(sample.run({{"database", folder.at("text.db")}, {"sql", "SELECT * FROM sqlite_schema"}}).text, HasSubstr("not a database"));
}

// ---- qr ----

using Modules = std::vector<std::string>;  // "1011…", a row each

// A decoder, from the standard and apart from the encoder: where bits lie, what a mask is, how blocks are interleaved.
class QrReader {
 public:
  explicit QrReader(Modules modules) : modules_(std::move(modules)), size_(static_cast<int>(modules_.size())), version_((size_ - 17) / 4) {}

  int mask() const {
    int bits = 0;  // from the copy beside the upper left finder, highest first
    const int xs[] = {0, 1, 2, 3, 4, 5, 7, 8, 8, 8, 8, 8, 8, 8, 8}, ys[] = {8, 8, 8, 8, 8, 8, 8, 8, 7, 5, 4, 3, 2, 1, 0};
    for (int i = 0; i < 15; ++i) bits = bits << 1 | is_dark(xs[i], ys[i]);
    bits ^= 0b101010000010010;
    EXPECT_EQ(bits >> 13, 0) << "level M";
    return bits >> 10 & 7;
  }

  std::vector<int> codewords() const {
    std::vector<int> bits;
    for (int pair = 0, right = size_ - 1; right > 0; right -= 2, ++pair) {
      if (right == 6) --right;
      for (int step = 0; step < size_; ++step)
        for (const int x : {right, right - 1}) {
          const int y = pair % 2 == 0 ? size_ - 1 - step : step;
          if (!is_function(x, y)) bits.push_back(is_dark(x, y) ^ is_masked(mask(), x, y));
        }
    }
    std::vector<int> out;
    for (std::size_t at = 0; at + 8 <= bits.size(); at += 8) {
      int byte = 0;
      for (std::size_t i = 0; i < 8; ++i) byte = byte << 1 | bits[at + i];
      out.push_back(byte);
    }
    return out;
  }

  std::string read() const {
    static constexpr int block_counts[] = {0, 1, 1, 1, 2, 2, 4, 4, 4, 5, 5}, corrections[] = {0, 10, 16, 26, 18, 24, 16, 18, 22, 22, 26};
    const std::vector<int> words = codewords();
    const int count = block_counts[version_], correction = corrections[version_];
    const int data = static_cast<int>(words.size()) - count * correction;
    std::vector<std::vector<int>> blocks(static_cast<std::size_t>(count));
    int at = 0;
    for (int i = 0; i <= data / count; ++i)
      for (int block = 0; block < count; ++block) {
        const bool is_long = block >= count - data % count;
        if (i < data / count || is_long) blocks[static_cast<std::size_t>(block)].push_back(words[static_cast<std::size_t>(at++)]);
      }
    std::vector<int> all;
    for (const auto& block : blocks) all.insert(all.end(), block.begin(), block.end());
    for (int i = 0; i < correction; ++i)
      for (auto& block : blocks) block.push_back(words[static_cast<std::size_t>(at++)]);
    for (const auto& block : blocks) EXPECT_TRUE(is_codeword(block, correction));
    return bytes_of(all);
  }

  static bool is_masked(int mask, int x, int y) {
    const std::array<bool, 8> conditions = {(y + x) % 2 == 0,         y % 2 == 0,
                                            x % 3 == 0,               (y + x) % 3 == 0,
                                            (y / 2 + x / 3) % 2 == 0, (y * x) % 2 + (y * x) % 3 == 0,
                                            ((y * x) % 2 + (y * x) % 3) % 2 == 0, ((y + x) % 2 + (y * x) % 3) % 2 == 0};
    return conditions[static_cast<std::size_t>(mask)];
  }

 private:
  int is_dark(int x, int y) const { return modules_[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] == '1'; }

  bool is_function(int x, int y) const {
    if (x == 6 || y == 6 || (x < 9 && y < 9) || (x < 9 && y >= size_ - 8) || (x >= size_ - 8 && y < 9)) return true;
    if (version_ >= 7 && ((x < 6 && y >= size_ - 11) || (y < 6 && x >= size_ - 11))) return true;
    if (version_ == 1) return false;
    std::vector<int> centres = {6, size_ - 7};
    if (version_ >= 7) centres.push_back((6 + size_ - 7) / 2);
    for (const int cx : centres)
      for (const int cy : centres) {
        const bool is_in_finder = (cx == 6 && cy != (6 + size_ - 7) / 2 && (cy == 6 || cy == size_ - 7)) || (cy == 6 && cx == size_ - 7);
        if (!is_in_finder && std::abs(x - cx) <= 2 && std::abs(y - cy) <= 2) return true;
      }
    return false;
  }

  // All syndromes are zero.
  static bool is_codeword(const std::vector<int>& block, int correction) {
    std::array<int, 256> power{}, logarithm{};
    for (int i = 0, value = 1; i < 255; ++i, value = value << 1 ^ (value & 128 ? 285 : 0))
      power[static_cast<std::size_t>(i)] = value, logarithm[static_cast<std::size_t>(value)] = i;
    for (int root = 0; root < correction; ++root) {
      int sum = 0;
      for (std::size_t i = 0; i < block.size(); ++i) {
        if (block[i] == 0) continue;
        const int degree = static_cast<int>(block.size() - 1 - i);
        sum ^= power[static_cast<std::size_t>((logarithm[static_cast<std::size_t>(block[i])] + root * degree) % 255)];
      }
      if (sum != 0) return false;
    }
    return true;
  }

  std::string bytes_of(const std::vector<int>& words) const {
    std::string bits;
    for (const int word : words)
      for (int bit = 7; bit >= 0; --bit) bits += word >> bit & 1 ? '1' : '0';
    const auto number = [&](std::size_t at, std::size_t size) { return std::stoi(bits.substr(at, size), nullptr, 2); };
    EXPECT_EQ(bits.substr(0, 4), "0100");
    const std::size_t length_bits = version_ < 10 ? 8 : 16;
    const int length = number(4, length_bits);
    std::string out;
    for (int i = 0; i < length; ++i) out += static_cast<char>(number(4 + length_bits + 8 * static_cast<std::size_t>(i), 8));
    return out;
  }

  Modules modules_;
  int size_, version_;
};

TEST(QrSample, IsReadBackForEveryLengthAndMask) {
  SampleLibrary sample("qr");
  std::string text;
  for (int length = 1; length <= 213; ++length) {
    text += length % 7 == 0 ? '"' : static_cast<char>('a' + length % 26);
    json arguments = {{"text", text}};
    if (length % 3 == 0) arguments["mask"] = length % 8;
    const auto answer = sample.run(arguments);
    ASSERT_EQ(answer.status, DEED_SUCCEEDED);
    const QrReader reader(answer.result["rows"].get<Modules>());
    EXPECT_EQ(reader.read(), text);
    EXPECT_EQ(answer.result["mask"], reader.mask());
    if (length % 3 == 0) {
      EXPECT_EQ(reader.mask(), length % 8);
    }
  }
}

TEST(QrSample, CarriesUtf8) {
  SampleLibrary sample("qr");
  EXPECT_EQ(QrReader(sample.run({{"text", "Grüße \xE2\x82\xAC \n\t"}}).result["rows"].get<Modules>()).read(), "Grüße \xE2\x82\xAC \n\t");
}

TEST(QrSample, RefusesMoreThanTheLargestCodeHolds) {
  SampleLibrary sample("qr");
  EXPECT_EQ(sample.run({{"text", std::string(213, 'x')}}).result["version"], 10);
  EXPECT_EQ(sample.run({{"text", std::string(214, 'x')}}).status, DEED_FAILED_WITHOUT_EFFECT);
  EXPECT_EQ(sample.run(json::object()).status, DEED_FAILED_WITHOUT_EFFECT);
}

// The penalty of the standard, section 7.8.3, over whole rows as text.
int penalty_of(const Modules& rows) {
  int penalty = 0, dark = 0;
  const std::size_t size = rows.size();
  Modules lines = rows;
  for (std::size_t x = 0; x < size; ++x) {
    std::string column;
    for (const std::string& row : rows) column += row[x];
    lines.push_back(column);
  }
  for (const std::string& line : lines) {
    for (std::size_t at = 0, end = 0; at < size; at = end) {
      end = std::min(line.find_first_not_of(line[at], at), size);
      if (end - at >= 5) penalty += static_cast<int>(end - at) - 2;
    }
    for (std::size_t at = 0; at + 11 <= size; ++at)
      if (line.compare(at, 11, "10111010000") == 0 || line.compare(at, 11, "00001011101") == 0) penalty += 40;
  }
  for (std::size_t y = 0; y < size; ++y)
    for (std::size_t x = 0; x < size; ++x) {
      dark += rows[y][x] == '1';
      if (x + 1 < size && y + 1 < size && rows[y][x] == rows[y][x + 1] && rows[y][x] == rows[y + 1][x] && rows[y][x] == rows[y + 1][x + 1])
        penalty += 3;
    }
  const double percent = 100.0 * dark / static_cast<double>(size * size);
  return penalty + static_cast<int>(std::abs(percent - 50) / 5) * 10;
}

TEST(QrSample, TakesTheMaskWithTheLowestPenalty) {
  SampleLibrary sample("qr");
  for (const std::size_t length : {1u, 14u, 40u, 90u, 150u, 213u}) {
    const std::string text(length, 'Q');
    int lowest = 1 << 30;
    for (int mask = 0; mask < 8; ++mask)
      lowest = std::min(lowest, penalty_of(sample.run({{"text", text}, {"mask", mask}}).result["rows"].get<Modules>()));
    EXPECT_EQ(penalty_of(sample.run({{"text", text}}).result["rows"].get<Modules>()), lowest) << length;
  }
}

TEST(QrSample, DrawsTheModulesTwoRowsALineWithAQuietZone) {
  SampleLibrary sample("qr");
  for (const bool invert : {false, true}) {
    const auto answer = sample.run({{"text", "Hello"}, {"invert", invert}});
    const auto rows = answer.result["rows"].get<Modules>();
    Modules drawn;
    std::istringstream lines(answer.text);
    for (std::string line; std::getline(lines, line);) {
      std::string upper, lower;
      for (std::size_t at = 0; at < line.size(); at += line[at] == ' ' ? 1 : 3) {
        const std::string block = line.substr(at, line[at] == ' ' ? 1 : 3);
        upper += (block == "▀" || block == "█") != invert ? '1' : '0';
        lower += (block == "▄" || block == "█") != invert ? '1' : '0';
      }
      drawn.push_back(upper);
      drawn.push_back(lower);
    }
    ASSERT_EQ(drawn.size(), rows.size() + 9);  // 21 + 8, and an empty row below
    for (std::size_t y = 0; y < drawn.size(); ++y)
      for (std::size_t x = 0; x < rows.size() + 8; ++x) {
        const bool is_inside = x >= 4 && y >= 4 && x < rows.size() + 4 && y < rows.size() + 4;
        EXPECT_EQ(drawn[y][x], is_inside ? rows[y - 4][x - 4] : '0') << x << "," << y;
      }
  }
}

// tests/data/qr_codes.txt was made by an encoder that no one here wrote; it holds bytes that a text cannot, so the encoder is asked
// where the plugin stands on it.
extern "C" {
#include "deed/plugins/samples/qr/qr_code.h"
}

TEST(QrSample, DrawsTheSameModulesAsPythonQrcodeForEveryVersion) {
  std::ifstream in(DEED_SOURCE_DIR "/tests/data/qr_codes.txt");
  int versions = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    int mask = 0;
    std::string hex, picture;
    words >> mask >> hex >> picture;
    std::string bytes;
    for (std::size_t i = 0; hex != "-" && i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    qr_code code;
    ASSERT_EQ(qr_encode(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), mask, &code), 1);
    std::istringstream rows(picture);
    int y = 0;
    for (std::string row; std::getline(rows, row, ','); ++y)
      for (int x = 0; x < code.size; ++x) {
        const int digit = std::stoi(row.substr(static_cast<std::size_t>(x / 4), 1), nullptr, 16);
        ASSERT_EQ(code.dark[y][x], digit >> (3 - x % 4) & 1) << "version " << code.version << " at " << x << "," << y;
      }
    EXPECT_EQ(y, code.size);
    ++versions;
  }
  EXPECT_EQ(versions, 20);
}

// ---- over the wire ----

TEST(PythonSamples, AnswerOverTheWireInTheWorkingFolder) {
  TempFolder folder;
  folder.put("a.csv", "n,who\n1,Ann\n");
  const auto say = [&](const std::string& name, const std::string& tool, const json& arguments) {
    Conversation said = call_tool({built_samples + name + "/plugin.py"}, folder.path(), tool, arguments);
    EXPECT_EQ(said.code, 0) << said.log;
    EXPECT_THAT(said.broken, testing::IsEmpty());
    EXPECT_TRUE(Schema::compile(deed::Json::parse(said.answers.at("2")["result"]["tools"][0]["inputSchema"].dump()))) << name;
    return said;
  };
  EXPECT_EQ(say("csv", "read", {{"path", "a.csv"}}).answers.at("3")["result"]["structuredContent"]["rows"], json::parse(R"([["1","Ann"]])"));
  EXPECT_EQ(say("html", "text", {{"html", "<p>Hello"}}).answers.at("3")["result"]["structuredContent"]["text"], "Hello");
  // The input ends before the commit point is answered: the file must not be there.
  const Conversation said = say("calendar", "ics", {{"path", "a.ics"}, {"summary", "Talk"}, {"start", "2026-03-02T10:00Z"}, {"end", "2026-03-02T11:00Z"}});
  for (const json& request : said.requests) EXPECT_EQ(request["method"], "deed/dispatching");
  EXPECT_EQ(said.answers.at("3")["result"]["_meta"]["deed"]["outcome"], "failed_without_effect");
  EXPECT_THAT(folder.names(), testing::ElementsAre("a.csv"));
}

// ---- words, exec ----

TEST(WordsSample, CountsWhatItReads) {
  const auto count = [](const std::string& text) {
    const ProgramEnd end = run_program({built_samples + "words/count.sh"}, text);
    EXPECT_EQ(end.code, 0) << end.errors;
    return json::parse(end.output);
  };
  EXPECT_EQ(count("one two\nthree"), json::parse(R"({"lines":2,"words":3,"letters":13,"bytes":13})"));
  EXPECT_EQ(count("é\n\n\n"), json::parse(R"({"lines":3,"words":1,"letters":4,"bytes":5})"));
  EXPECT_EQ(count(""), json::parse(R"({"lines":0,"words":0,"letters":0,"bytes":0})"));
  EXPECT_EQ(count("$(id) `id` %s \\n * -n"), json::parse(R"({"lines":1,"words":6,"letters":21,"bytes":21})"));
}

// What the manifest's vector means when its places are filled in: one argument each, and no shell.
TEST(ExecSample, FindsAProgramByNameAndHandsOnArgumentsAsTheyAre) {
  const toml::table manifest = toml::parse_file(built_samples + "exec/plugin.toml");
  std::vector<std::string> command;
  for (const auto& word : *manifest["tools"][0]["command"].as_array()) {
    const std::string text = *word.value<std::string>();
    if (text == "{{program}}") command.push_back("printf");
    else if (text == "{{arguments}}") command.insert(command.end(), {"[%s]", "-n", "$(id)", "a  b", "*"});
    else command.push_back(text);
  }
  EXPECT_EQ(run_program(command).output, "[-n][$(id)][a  b][*]");
  const auto schema = Schema::compile(to_json(*manifest["tools"][0]["arguments"].as_table()));
  ASSERT_TRUE(schema);
  EXPECT_THAT(schema->check({{"program", "./build.sh"}, {"arguments", {"-x"}}}), testing::IsEmpty());
  for (const char* program : {"A=b", "-i", "", "a b", "ls;id"}) EXPECT_FALSE(schema->check({{"program", program}}).empty()) << program;
}

}  // namespace
