// A mail merge: 2,000 rows of a CSV file through `deed run task.yaml`, each a mail of its own with text, html and an attachment, every
// step of each in the journal, against a plain loop over one handle of libcurl that sends the very same mails, made beforehand, to the
// same server and writes nothing down. Three servers take everything: one that answers at once, so that all that is measured is the
// client; one that people use, Debian's aiosmtpd, which keeps nothing either; and one that takes 5 ms for a mail, as those do that have
// it on a disk before they answer.
#include "bench.hpp"
#include "smtp_sink.hpp"

#include "deed/core/check.hpp"

#include <curl/curl.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace deed::bench {
namespace {

constexpr std::size_t rows = 2000, attachment_bytes = 20'000;
constexpr int rounds = 3;

struct Merged {
  double seconds = 0;
  double peak_mb = 0;
};

std::string task_text(int concurrency) {
  return R"(deed: 1
name: merge
steps:
  - id: mail
    for: {csv: people.csv, key: row.email, concurrency: )" +
         std::to_string(concurrency) + R"(}
    tool: email.send
    with:
      to: ["{{row.email}}"]
      subject: "Your invoice {{row.number}}, {{row.name}}"
      text: "Dear {{row.name}},\n\nplease find attached your invoice {{row.number}} over {{row.amount}} EUR.\n\nYours\nThe shop\n"
      html: "<html><body><p>Dear <b>{{row.name}}</b>,</p><p>please find attached your invoice {{row.number}} over {{row.amount}} EUR.</p><p>Yours<br>The shop</p></body></html>"
      attachments: [invoice.pdf]
)";
}

void make_folder(const std::filesystem::path& folder, std::size_t count, int concurrency) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::ofstream people(folder / "people.csv");
  people << "email,name,number,amount\n";
  for (std::size_t i = 0; i < count; ++i) {
    people << "person" << i << "@example.org,Person Müller " << i << "," << 10'000 + i << "," << i * 7 % 1000 << ".50\n";
  }
  std::ofstream pdf(folder / "invoice.pdf", std::ios::binary);
  for (std::size_t i = 0; i < attachment_bytes; ++i) pdf << static_cast<char>(i * 31 + i / 256);
  std::ofstream(folder / "merge.yaml") << task_text(concurrency);
}

// Of the program that runs as `child` now: its rusage would begin with what this process had when it was forked.
double peak_mb_of(pid_t child) {
  std::ifstream status("/proc/" + std::to_string(child) + "/status");
  double kib = 0;
  for (std::string word; status >> word;) {
    if (word == "VmHWM:") status >> kib;
  }
  return kib / 1024;
}

Merged merge(const std::filesystem::path& folder, int port, std::size_t count, int concurrency) {
  make_folder(folder, count, concurrency);
  std::vector<std::string> arguments = {DEED_COMMAND, "run", "merge.yaml", "--quiet", "--home", (folder / "home").string(), "--smtp",
      "smtp+insecure://127.0.0.1:" + std::to_string(port), "--from", "shop@example.org", "--allow", "email.send:*@example.org"};
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int fd : {1, 2}) posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  const SteadyTime begun = now();
  pid_t child = 0;
  DEED_CHECK(posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ) == 0, "spawn");
  int status = 0;
  double peak_mb = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    peak_mb = std::max(peak_mb, peak_mb_of(child));
    usleep(2000);
  }
  const Seconds took = now() - begun;
  posix_spawn_file_actions_destroy(&actions);
  DEED_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the merge failed");
  return {took.count(), peak_mb};
}

struct Reading {
  const std::string* message;
  std::size_t offset = 0;
};

std::size_t read_on(char* out, std::size_t size, std::size_t n, void* self) {
  auto& reading = *static_cast<Reading*>(self);
  const std::size_t count = std::min(size * n, reading.message->size() - reading.offset);
  std::memcpy(out, reading.message->data() + reading.offset, count);
  reading.offset += count;
  return count;
}

double plain_loop(int port, const std::vector<SunkMail>& mails) {
  const std::string url = "smtp://127.0.0.1:" + std::to_string(port) + "/localhost";
  const SteadyTime begun = now();
  const std::unique_ptr<CURL, void (*)(CURL*)> easy(curl_easy_init(), curl_easy_cleanup);
  curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(easy.get(), CURLOPT_READFUNCTION, &read_on);
  for (const SunkMail& mail : mails) {
    const std::unique_ptr<curl_slist, void (*)(curl_slist*)> to(curl_slist_append(nullptr, mail.to.c_str()), curl_slist_free_all);
    Reading reading{&mail.message};
    curl_easy_setopt(easy.get(), CURLOPT_MAIL_FROM, mail.from.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_MAIL_RCPT, to.get());
    curl_easy_setopt(easy.get(), CURLOPT_READDATA, &reading);
    DEED_CHECK(curl_easy_perform(easy.get()) == CURLE_OK, "the plain loop failed");
  }
  return Seconds(now() - begun).count();
}

// Debian's aiosmtpd; 0 where it is not installed.
class Aiosmtpd {
 public:
  Aiosmtpd() : out_(::popen("exec /usr/bin/python3 -B " DEED_BENCH_DIR "/smtp_server.py & echo $!; wait", "r")) {
    if (std::fscanf(out_, "%d", &pid_) != 1 || std::fscanf(out_, "%d", &port_) != 1) port_ = 0;
  }
  ~Aiosmtpd() {
    if (port_ != 0) ::kill(pid_, SIGTERM);
    ::pclose(out_);
  }
  Aiosmtpd(const Aiosmtpd&) = delete;
  Aiosmtpd& operator=(const Aiosmtpd&) = delete;
  int port() const { return port_; }

 private:
  FILE* out_;
  int pid_ = 0, port_ = 0;
};

struct Server {
  const char* name;
  int port;
  std::size_t rows;
};

void measure(const std::filesystem::path& folder, const Server& server, std::vector<SunkMail> mails, int concurrency) {
  const auto count = static_cast<double>(server.rows);
  mails.resize(server.rows);
  std::vector<double> ours, plain, ratios, peak, idle;
  for (int round = 0; round < rounds; ++round) {
    const Merged merged = merge(folder, server.port, server.rows, concurrency);
    plain.push_back(plain_loop(server.port, mails) * 1000 / count);
    ours.push_back(merged.seconds * 1000 / count);
    peak.push_back(merged.peak_mb);
    idle.push_back(merge(folder, server.port, 1, concurrency).peak_mb);
    ratios.push_back(100 * plain.back() / ours.back());
  }
  std::printf("a mail of %4.0f, %2d at a time, %s %6.2f ms   (plain libcurl %.2f ms; throughput %.0f %%, wanted: at least 80 %%)\n", count,
      concurrency, server.name, median(ours), median(plain), median(ratios));
  std::printf("  largest resident memory                 %6.1f MB   (for one row %.1f MB; wanted: at most 60 MB more)\n", median(peak),
      median(idle));
}

}  // namespace

void measure_merges() {
  curl_global_init(CURL_GLOBAL_ALL);
  SmtpSink sink;
  const SmtpSink slow(std::chrono::milliseconds(5));
  const Aiosmtpd aiosmtpd;
  const auto folder = std::filesystem::temp_directory_path() / ("deed-bench-merge-" + std::to_string(getpid()));
  sink.keep();
  merge(folder, sink.port(), rows, 8);
  const std::vector<SunkMail> mails = sink.take();
  std::set<std::string> recipients;
  for (const SunkMail& mail : mails) recipients.insert(mail.to);
  DEED_CHECK(recipients.size() == rows && mails.size() == rows, "every row is a mail to somebody else");
  DEED_CHECK(sink.connections() <= 8, "connections are kept");
  for (const int concurrency : {1, 8, 32}) {
    measure(folder, {"at once ", sink.port(), rows}, mails, concurrency);
    if (aiosmtpd.port() != 0) measure(folder, {"aiosmtpd", aiosmtpd.port(), rows}, mails, concurrency);
    measure(folder, {"in 5 ms ", slow.port(), rows / 4}, mails, concurrency);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace deed::bench
