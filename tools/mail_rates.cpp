#include "deed/tools/mail_rates.hpp"

#include "deed/core/checked.hpp"
#include "deed/memory/sqlite/connection.hpp"

#include <algorithm>
#include <charconv>
#include <sys/stat.h>

namespace deed {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds lock_wait{50};  // it blocks the loop
// Another process may hold the file for longer, while it writes on a slow disk.
constexpr milliseconds look_again{500};
constexpr int most_looks = 20;

constexpr struct {
  const char* name;
  milliseconds span;
} spans[] = {{"second", std::chrono::seconds(1)}, {"minute", std::chrono::minutes(1)}, {"hour", std::chrono::hours(1)}, {"day", std::chrono::hours(24)}};

constexpr const char* schema =
    "CREATE TABLE IF NOT EXISTS sent (account TEXT NOT NULL, domain TEXT NOT NULL, time INTEGER NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS sent_by_account ON sent (account, time);"
    "CREATE INDEX IF NOT EXISTS sent_by_domain ON sent (account, domain, time);";

class FileRates final : public MailRates {
 public:
  explicit FileRates(MailRateOptions options) : options_(std::move(options)) {}

  Result<Turn> take(const std::string& domain, TimePoint now) override {
    if (!options_.all && !options_.domain) return Turn{};
    const auto begun = begin();
    if (!begun && begun.error().kind == ErrorKind::unavailable && ++looks_ < most_looks) return Turn{look_again, true};
    DEED_OK(begun);
    looks_ = 0;
    auto turn = turn_of(domain, now.time_since_epoch().count());
    const auto ended = file_->execute(turn ? "COMMIT" : "ROLLBACK");
    if (turn && !ended) {
      if (file_->in_transaction()) (void)file_->execute("ROLLBACK");
      return fail(ended.error());
    }
    return turn;
  }

 private:
  Result<void> begin() {
    DEED_OK(open());
    return file_->execute("BEGIN IMMEDIATE");
  }

  Result<void> open() {
    if (file_) return {};
    // mknod, not open: see memory/sqlite/file.cpp.
    mknod(options_.path.c_str(), S_IFREG | 0600, 0);
    DEED_TRY(auto file, sqlite::Connection::open(options_.path, lock_wait));
    DEED_OK(file.use_write_ahead_log());
    DEED_OK(file.sync_each_commit(false));
    DEED_OK(file.execute(schema));
    file_.emplace(std::move(file));
    return {};
  }

  Result<Turn> turn_of(const std::string& domain, std::int64_t now) {
    const std::string& account = options_.account;
    // What a clock that was set back has left in the future counts as sent just now.
    DEED_OK(file_->query("UPDATE sent SET time = ?2 WHERE account = ?1 AND time > ?2", account, now).run());
    const milliseconds longest = std::max(options_.all ? options_.all->span : milliseconds(0), options_.domain ? options_.domain->span : milliseconds(0));
    DEED_OK(file_->query("DELETE FROM sent WHERE account = ?1 AND time <= ?2", account, now - longest.count()).run());
    Turn turn;
    if (options_.all) {
      auto last = file_->query("SELECT time FROM sent WHERE account = ?1 AND time > ?2 ORDER BY time DESC LIMIT 1 OFFSET ?3", account,
                               now - options_.all->span.count(), options_.all->mails - 1);
      DEED_TRY(turn.wait, rest_of(std::move(last), *options_.all, now));
      turn.for_all = turn.wait.count() > 0;
    }
    if (options_.domain) {
      auto last = file_->query("SELECT time FROM sent WHERE account = ?1 AND domain = ?2 AND time > ?3 ORDER BY time DESC LIMIT 1 OFFSET ?4", account, domain,
                               now - options_.domain->span.count(), options_.domain->mails - 1);
      DEED_TRY(const milliseconds wait, rest_of(std::move(last), *options_.domain, now));
      turn.wait = std::max(turn.wait, wait);
    }
    if (turn.wait.count() > 0) return turn;
    DEED_OK(file_->query("INSERT INTO sent (account, domain, time) VALUES (?1, ?2, ?3)", account, domain, now).run());
    return turn;
  }

  // last  the mail that fills the span, if one does
  static Result<milliseconds> rest_of(sqlite::Query last, const MailRate& rate, std::int64_t now) {
    DEED_TRY(const bool is_full, last.next());
    return is_full ? milliseconds(last.integer(0) - now) + rate.span : milliseconds(0);
  }

  MailRateOptions options_;
  std::optional<sqlite::Connection> file_;
  int looks_ = 0;  // in vain, since the last that was not
};

}  // namespace

Result<MailRate> MailRate::parse(std::string_view text) {
  const auto refuse = [&] {
    return fail(ErrorKind::invalid, "\"" + escaped(text) + "\" is not a rate", "", "for example 30/minute: 1 to 1,000,000 a second, minute, hour or day");
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return refuse();
  MailRate rate;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + slash, rate.mails);
  if (ec != std::errc() || end != text.data() + slash || rate.mails < 1 || rate.mails > 1'000'000) return refuse();
  for (const auto& [name, span] : spans) {
    if (text.substr(slash + 1) == name) rate.span = span;
  }
  if (rate.span.count() == 0) return refuse();
  return rate;
}

std::unique_ptr<MailRates> make_mail_rates(MailRateOptions options) { return std::make_unique<FileRates>(std::move(options)); }

}  // namespace deed
