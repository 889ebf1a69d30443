#include "world.hpp"

#include "deed/tests/fakes/http_server.hpp"
#include "deed/tests/fakes/smtp_server.hpp"
#include "deed/tests/tools/mail_reader.hpp"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace deed::bench {
namespace {

namespace fs = std::filesystem;
using Texts = std::map<std::string, std::string>;

// Gives the answers one after the other. Approves nothing: --yes covers what the user gave, and the
// rest is what must not happen.
class User final : public Interaction {
 public:
  explicit User(const std::vector<std::string>& answers)
      : answers_(answers.begin(), answers.end()) {}
  std::vector<std::string> questions;

  asio::awaitable<std::optional<ApprovalAnswer>> approve(ApprovalCard) override {
    co_return std::nullopt;
  }
  asio::awaitable<std::optional<std::string>> answer(std::string question) override {
    questions.push_back(std::move(question));
    if (answers_.empty()) co_return std::nullopt;
    std::string next = std::move(answers_.front());
    answers_.pop_front();
    co_return next;
  }

 private:
  std::deque<std::string> answers_;
};

class TemporaryFolder {
 public:
  TemporaryFolder() {
    static int count = 0;
    path_ = fs::temp_directory_path() /
            ("deed-requests-" + std::to_string(getpid()) + "-" + std::to_string(++count));
    fs::create_directories(root());
  }
  ~TemporaryFolder() {
    std::error_code left_behind;
    fs::remove_all(path_, left_behind);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  fs::path root() const { return path_ / "work"; }
  fs::path home() const { return path_ / "home"; }
  // Of all of them: what a second run finds prepared.
  static fs::path cache() {
    static const fs::path folder =
        fs::temp_directory_path() / ("deed-requests-cache-" + std::to_string(getuid()));
    return folder;
  }

 private:
  fs::path path_;
};

std::string with_base(std::string text, const std::string& base) {
  static constexpr std::string_view mark = "{base}";
  for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += base.size()) {
    text.replace(at, mark.size(), base);
  }
  return text;
}

fakes::HttpReply serve(const Texts& pages, const fakes::SeenRequest& seen,
                       const std::string& base) {
  if (seen.method != "GET") return fakes::HttpReply::ok(R"({"ok":true})", "application/json");
  const auto page = pages.find(seen.target);
  if (page == pages.end()) return fakes::HttpReply::status(404, "no such page");
  const char* type = page->second.starts_with("<") ? "text/html; charset=utf-8"
                                                   : "text/plain; charset=utf-8";
  return fakes::HttpReply::ok(with_base(page->second, base), type);
}

void put_files(const fs::path& root, const Texts& files, const std::string& base) {
  for (const auto& [name, text] : files) {
    fs::create_directories((root / name).parent_path());
    std::ofstream(root / name, std::ios::binary) << with_base(text, base);
  }
}

Texts files_in(const fs::path& root) {
  Texts out;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    out[fs::relative(entry.path(), root).string()] = {std::istreambuf_iterator<char>(in), {}};
  }
  return out;
}

void read_parts(const mail_reader::Part& part, ArrivedMail& mail) {
  for (const mail_reader::Part& inner : part.parts) read_parts(inner, mail);
  if (!part.parts.empty()) return;
  if (!part.filename.empty()) {
    mail.attachments[part.filename] = part.body;
  } else if (part.type == "text/plain") {
    mail.text += part.body;
  }
}

// "<ann@example.org> BODY=8BITMIME"
std::string address_of(const std::string& envelope) {
  const std::size_t begin = envelope.find('<') + 1;
  return envelope.substr(begin, envelope.find('>') - begin);
}

// A mail goes to each recipient in a transaction of its own; the copies have the same Message-ID.
std::vector<ArrivedMail> gathered(const std::vector<fakes::SeenMail>& seen) {
  std::map<std::string, std::size_t> places;
  std::vector<ArrivedMail> out;
  for (const fakes::SeenMail& copy : seen) {
    const mail_reader::Part whole = mail_reader::read(copy.message);
    const auto [place, is_new] = places.emplace(whole.header("message-id"), out.size());
    if (is_new) {
      ArrivedMail& mail = out.emplace_back();
      mail.subject = mail_reader::decode_words(whole.header("subject"));
      read_parts(whole, mail);
    }
    out[place->second].to.push_back(address_of(copy.to));
  }
  for (ArrivedMail& mail : out) std::sort(mail.to.begin(), mail.to.end());
  return out;
}

void take_report(const RunReport& report, Ending& ending) {
  ending.status = report.status;
  ending.plan = report.state.plan;
  ending.text = report.text;
  ending.reason = report.reason;
  for (const Entry& entry : report.state.entries) {
    const auto* step = std::get_if<StepState>(&entry);
    if (!step) continue;
    ending.step_ms.push_back(static_cast<double>(step->milliseconds));
    for (const std::string& id : step->calls) ending.calls.push_back(report.state.calls.at(id));
  }
}

Result<RunReport> run(Agent& agent, const Request& request, const std::string& base) {
  for (const auto& [key, value] : request.facts) {
    DEED_OK(agent.call_tool("memory.remember", {{"key", key}, {"value", value}}));
  }
  return agent.run(NewRequest{.request = with_base(request.words, base),
                              .attachments = request.attachments});
}

}  // namespace

Result<Ending> carry_out(const Request& request, const std::string& models_dir) {
  const TemporaryFolder folder;
  std::string base;  // known once the server listens, and nobody asks it before that
  fakes::HttpServer http(
      [&](const fakes::SeenRequest& seen) { return serve(request.pages, seen, base); });
  base = "http://127.0.0.1:" + std::to_string(http.port());
  fakes::SmtpServer smtp;
  put_files(folder.root(), request.files, base);

  AgentOptions options{.home = folder.home(),
                       .models_dir = models_dir,
                       .cache_dir = folder.cache(),
                       .root = folder.root()};
  DEED_TRY(options.mail.smtp, SmtpServer::parse("smtp://127.0.0.1:" + std::to_string(smtp.port())));
  DEED_TRY(options.mail.from, EmailAddress::parse("user@deed.example"));
  DEED_TRY(AllowedHost host, AllowedHost::parse(base.substr(base.rfind('/') + 1)));
  options.allow_hosts.push_back(std::move(host));
  options.policy.yes = true;
  User user(request.answers);
  options.interaction = &user;

  Ending ending{.files_before = files_in(folder.root())};
  DEED_TRY(const auto agent, open_agent(std::move(options)));
  DEED_TRY(const RunReport report, run(*agent, request, base));
  take_report(report, ending);
  ending.questions = std::move(user.questions);
  ending.files_after = files_in(folder.root());
  ending.mails = gathered(smtp.mails());
  for (const fakes::SeenRequest& seen : http.requests()) {
    ending.requests.push_back({seen.method, seen.target, seen.body});
  }
  return ending;
}

}  // namespace deed::bench
