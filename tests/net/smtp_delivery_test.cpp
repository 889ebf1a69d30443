// A delivery that goes well: the commit point, the bytes on the wire, and who may say what.
#include "deed/tests/fakes/bytes.hpp"
#include "deed/tests/net/smtp_delivery_fixture.hpp"

#include <boost/asio/co_spawn.hpp>

namespace deed {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class SmtpDelivery : public DeliveryTest {};

TEST_F(SmtpDelivery, HandsOverEnvelopeAndMessage) {
  serve();
  const SmtpReceipt receipt = deliver(mail());
  EXPECT_THAT(receipt, HasVerdict(Verdict::accepted, HasSubstr("queued as 42")));
  EXPECT_EQ(receipt.code, 250);
  ASSERT_EQ(server_->mails().size(), 1u);
  EXPECT_THAT(server_->mails()[0].from, StartsWith("<from@example.org>"));
  EXPECT_EQ(server_->mails()[0].to, "<to@example.org>");
  EXPECT_EQ(server_->mails()[0].message, all_of(mail().message));
  EXPECT_EQ(server_->commands().front(), "EHLO localhost");
}

TEST_F(SmtpDelivery, TellsTheServerTheSizeWhereItAsks) {
  serve();
  deliver(mail());
  EXPECT_THAT(server_->mails()[0].from, HasSubstr(" SIZE="));
}

// Bytes that libcurl treats in a way of its own: dots at the start of lines, which it doubles, no
// line end at the end, and the borders of its 64 KiB buffer.
std::vector<std::string> odd_messages() {
  std::vector<std::string> out = {
      "a",           "a\r\n",          ".",
      ".\r\n",       "..\r\n",         "\r\n",
      "\r\n\r\n",    "x\r\n.",         "x\r\n.\r\n",
      "x\r\n..\r\n", "\r\n.\r\n.\r\n", "x\r\n.\r\nQUIT\r\nMAIL FROM:<evil@example.org>\r\n"};
  std::string dots;
  for (int i = 0; i < 70'000; ++i) dots += ".\r\n";
  out.push_back(dots);
  out.push_back(dots + "end");
  out.push_back(std::string(300'000, 'x'));
  for (std::size_t size = 65'530; size <= 65'540; ++size) {
    out.push_back(std::string(size, 'x') + "\r\n.\r\n.y\r\n");
  }
  return out;
}

TEST_F(SmtpDelivery, EveryByteArrivesAndEachMailHasOneCommit) {
  serve();
  std::size_t sent = 0;
  for (const std::string& message : odd_messages()) {
    SCOPED_TRACE(testing::PrintToString(message.substr(0, 40)));
    SmtpTransaction transaction = mail(message);
    int commits = 0;
    transaction.before_commit = [&commits]() -> Async<void> {
      ++commits;
      co_return Result<void>();
    };
    EXPECT_THAT(deliver(std::move(transaction)), HasVerdict(Verdict::accepted));
    EXPECT_EQ(commits, 1);
    ASSERT_EQ(server_->mails().size(), ++sent);
    const std::string want = message.ends_with("\r\n") ? message : message + "\r\n";
    EXPECT_TRUE(server_->mails().back().message == want);
  }
}

// What a commit sees of the server: blocks until the whole message but its end has arrived there.
struct LookAtServer {
  fakes::SmtpServer* server;
  std::size_t message_bytes;
  std::size_t* seen_bytes;
  Result<void> answer;
  Async<void> operator()() const {
    EXPECT_TRUE(server->wait_for_data_bytes(message_bytes));
    *seen_bytes = server->data_bytes();
    EXPECT_TRUE(server->mails().empty());
    co_return answer;
  }
};

TEST_F(SmtpDelivery, TheCommitIsAwaitedWhenAllButTheFinalDotIsWithTheServer) {
  serve();
  SmtpTransaction transaction = mail();
  const std::size_t size = transaction.message->size();
  std::size_t seen = 0;
  transaction.before_commit = LookAtServer{server_.get(), size, &seen, {}};
  EXPECT_THAT(deliver(std::move(transaction)), HasVerdict(Verdict::accepted));
  EXPECT_EQ(seen, size);
  EXPECT_EQ(server_->data_bytes(), size + 3);
}

TEST_F(SmtpDelivery, AFailedCommitLeavesTheMessageWithoutItsEnd) {
  serve();
  SmtpTransaction transaction = mail();
  const std::size_t size = transaction.message->size();
  std::size_t seen = 0;
  transaction.before_commit =
      LookAtServer{server_.get(), size, &seen, fail(ErrorKind::unavailable, "the journal is full")};
  EXPECT_THAT(deliver(std::move(transaction)),
              HasVerdict(Verdict::not_sent, HasSubstr("the journal is full")));
  EXPECT_TRUE(server_->wait_until_closed(1));
  EXPECT_EQ(server_->data_bytes(), size);
  EXPECT_TRUE(server_->mails().empty());
  EXPECT_THAT(server_->commands(), testing::Not(testing::Contains("QUIT")));
}

Async<void> throw_in_commit() {
  throw std::runtime_error("boom");
  co_return Result<void>();
}

TEST_F(SmtpDelivery, ACommitThatThrowsIsAFailedOne) {
  serve();
  SmtpTransaction transaction = mail();
  transaction.before_commit = throw_in_commit;
  EXPECT_THAT(deliver(std::move(transaction)), HasVerdict(Verdict::not_sent, HasSubstr("boom")));
  EXPECT_TRUE(server_->wait_until_closed(1));
  EXPECT_TRUE(server_->mails().empty());
}

TEST_F(SmtpDelivery, LogsInWithTheGivenName) {
  serve({.user = "ann@example.org", .password = "p:w"});
  EXPECT_THAT(deliver(url("ann%40example.org:p%3Aw@"), mail()), HasVerdict(Verdict::accepted));
}

TEST_F(SmtpDelivery, KeepsItsConnectionForTheNextMail) {
  serve();
  for (int i = 0; i < 3; ++i) EXPECT_THAT(deliver(mail()), HasVerdict(Verdict::accepted));
  EXPECT_EQ(server_->connections(), 1u);
}

TEST_F(SmtpDelivery, AnotherUserGetsAnotherConnection) {
  serve();
  EXPECT_THAT(deliver(mail()), HasVerdict(Verdict::accepted));
  EXPECT_THAT(deliver(url("ann:pw@"), mail()), HasVerdict(Verdict::accepted));
  EXPECT_EQ(server_->connections(), 2u);
}

TEST_F(SmtpDelivery, ManyMailsAtOnceArriveOnceEach) {
  serve();
  int accepted = 0;
  for (int i = 0; i < 50; ++i) {
    SmtpTransaction transaction = mail("Subject: " + std::to_string(i) + "\r\n\r\n.\r\n");
    asio::co_spawn(io_, client_->deliver(*SmtpServer::parse(url()), std::move(transaction)),
                   [&](std::exception_ptr, const SmtpReceipt& receipt) {
                     EXPECT_THAT(receipt, HasVerdict(Verdict::accepted));
                     ++accepted;
                   });
  }
  io_.run();
  EXPECT_EQ(accepted, 50);
  std::set<std::string> messages;
  for (const fakes::SeenMail& seen : server_->mails()) messages.insert(seen.message);
  EXPECT_EQ(messages.size(), 50u);
  EXPECT_EQ(server_->mails().size(), 50u);
  EXPECT_LE(server_->connections(), 8u);
}

TEST_F(SmtpDelivery, TakesOnlyMessagesWithCrlfAsLineEnd) {
  serve();
  for (const std::string message : {"a\nb\r\n", "a\rb\r\n", "a\r\n\nb", "a\r\r\n", "a\r", "a\n",
                                    "x\n.\nQUIT\n", "x\n.\r\nQUIT\r\n"}) {
    const SmtpReceipt receipt = deliver(mail(message));
    EXPECT_THAT(receipt, HasVerdict(Verdict::not_sent, HasSubstr("CRLF"))) << testing::PrintToString(message);
    EXPECT_TRUE(receipt.is_unfit);
  }
  EXPECT_THAT(deliver(mail(std::string("a\0b", 3))),
              HasVerdict(Verdict::not_sent, HasSubstr("byte 1")));
  EXPECT_THAT(server_->mails(), testing::IsEmpty());
}

// Says a size, and then something else.
class Broken final : public ByteSource {
 public:
  Broken(std::uint64_t size, std::string bytes, Result<std::size_t> end) : size_(size), bytes_(std::move(bytes)), end_(std::move(end)) {}
  std::uint64_t size() const override { return size_; }
  Result<std::unique_ptr<ByteReader>> open() const override { return std::unique_ptr<ByteReader>(std::make_unique<Reader>(bytes_, end_)); }

 private:
  class Reader final : public ByteReader {
   public:
    Reader(std::string bytes, Result<std::size_t> end) : bytes_(std::move(bytes)), end_(std::move(end)) {}
    Result<std::size_t> read(std::span<char> out) override {
      if (bytes_.empty()) return end_;
      const std::size_t count = bytes_.copy(out.data(), out.size());
      bytes_.erase(0, count);
      return count;
    }

   private:
    std::string bytes_;
    Result<std::size_t> end_;
  };
  std::uint64_t size_;
  std::string bytes_;
  Result<std::size_t> end_;
};

TEST_F(SmtpDelivery, AMessageThatIsNotWhatItWasSaidToBeHasNoCommitAndNoEnd) {
  serve();
  const std::string bytes = "Subject: x\r\n\r\n.\r\n" + std::string(200'000, 'x') + "\r\n";
  struct {
    std::uint64_t size, dotted_lines;
    Result<std::size_t> end;
    const char* why;
  } cases[] = {{bytes.size(), 1, fail(ErrorKind::conflict, "the file has changed"), "the file has changed"},
               {bytes.size() + 1, 1, std::size_t{0}, "size"},
               {bytes.size() - 1, 1, std::size_t{0}, "size"},
               {10, 1, std::size_t{0}, "size"},
               {bytes.size(), 0, std::size_t{0}, "size"}};
  for (const auto& c : cases) {
    SmtpTransaction transaction = mail();
    transaction.message = std::make_shared<Broken>(c.size, bytes, c.end);
    transaction.dotted_lines = c.dotted_lines;
    bool is_asked = false;
    transaction.before_commit = [&is_asked]() -> Async<void> {
      is_asked = true;
      co_return Result<void>();
    };
    const SmtpReceipt receipt = deliver(std::move(transaction));
    EXPECT_THAT(receipt, HasVerdict(Verdict::not_sent, HasSubstr(c.why)));
    EXPECT_TRUE(receipt.is_unfit);
    EXPECT_FALSE(is_asked);
  }
  EXPECT_THAT(server_->mails(), testing::IsEmpty());
  EXPECT_THAT(deliver(mail()), HasVerdict(Verdict::accepted));
}

TEST_F(SmtpDelivery, AsksNoServerAboutAMessageThatIsEmptyOrLargerThanAnyOneTakes) {
  serve();
  EXPECT_THAT(deliver(mail("")), HasVerdict(Verdict::not_sent, HasSubstr("empty")));
  SmtpTransaction huge = mail();
  huge.message = std::make_shared<Broken>((std::uint64_t{4} << 30) + 1, "x", std::size_t{0});
  EXPECT_THAT(deliver(std::move(huge)), HasVerdict(Verdict::not_sent, HasSubstr("4.3 GB")));
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(SmtpDelivery, RefusesControlCharactersInWhatBecomesACommand) {
  serve();
  for (const SmtpServer& server :
       {SmtpServer{.host = "127.0.0.1\r\nRSET", .port = server_->port()},
        SmtpServer{.host = "127.0.0.1", .user = "a\nb"},
        SmtpServer{.host = "h", .user = "a", .password = Secret("p\n")}}) {
    EXPECT_THAT(run_async(io_, client_->deliver(server, mail())),
                HasVerdict(Verdict::not_sent, HasSubstr("control character")));
  }
}

TEST_F(SmtpDelivery, AnAddressBeyondAsciiNeedsAServerThatTakesIt) {
  SmtpTransaction transaction = mail();
  transaction.to = *EmailAddress::parse("jürgen@example.org");
  serve({.extensions = {"8BITMIME"}});
  const SmtpReceipt refused = deliver(transaction);
  EXPECT_THAT(refused, HasVerdict(Verdict::refused, HasSubstr("SMTPUTF8")));
  EXPECT_EQ(refused.code, 0) << "not that of a reply to something else";
  EXPECT_THAT(server_->mails(), testing::IsEmpty());
  // The kept connection has not forgotten what was offered on it.
  serve({.extensions = {"SMTPUTF8", "8BITMIME"}});
  EXPECT_THAT(deliver(transaction), HasVerdict(Verdict::accepted));
  EXPECT_THAT(deliver(transaction), HasVerdict(Verdict::accepted));
  EXPECT_THAT(server_->mails().at(1).from, HasSubstr("SMTPUTF8"));
  EXPECT_EQ(server_->mails().at(1).to, "<jürgen@example.org>");
  EXPECT_EQ(server_->connections(), 1u);
}

}  // namespace
}  // namespace deed
