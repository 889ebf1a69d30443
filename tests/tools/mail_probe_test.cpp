// Looking a mail up after its outcome was lost: what the number of copies proves, and what not.
#include "deed/net/smtp.hpp"
#include "deed/tests/fakes/imap_server.hpp"
#include "deed/tests/tools/tool_doubles.hpp"
#include "deed/tools/builtin.hpp"
#include "deed/tools/mail_probe.hpp"

#include <deque>

namespace deed {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using ProbeVerdict = ProbeResult::Verdict;

// The oracle: every world that fits what is known. Each of those in doubt got the mail or not; an
// authoritative mailbox has a copy for each who did, unless it had no time yet, when it may lack some.
ProbeVerdict verdict_of_all_worlds(const MailCopies& copies) {
  bool may_be_done = false, may_be_undone = false;
  for (std::size_t done = 0; done <= copies.in_doubt; ++done) {
    const std::size_t expected = copies.accepted + done;
    const bool fits = copies.has_settled ? copies.found == expected : copies.found <= expected;
    if (!fits) continue;
    may_be_done |= done > 0;
    may_be_undone |= done < copies.in_doubt;
  }
  if (may_be_done && !may_be_undone) return ProbeVerdict::confirmed;
  if (may_be_undone && !may_be_done) return ProbeVerdict::refuted;
  return ProbeVerdict::undecided;
}

TEST(MailCopies, OfAnAuthoritativeMailboxDecideWhereAllWorldsThatFitAgree) {
  for (std::size_t found = 0; found < 6; ++found) {
    for (std::size_t accepted = 0; accepted < 4; ++accepted) {
      for (std::size_t in_doubt = 1; in_doubt < 4; ++in_doubt) {
        for (const bool has_settled : {false, true}) {
          if (found > accepted + in_doubt) continue;  // more than one copy: not authoritative
          const MailCopies copies{found, accepted, in_doubt, true, has_settled, false};
          EXPECT_EQ(judge_copies(copies).verdict, verdict_of_all_worlds(copies))
              << found << " " << accepted << " " << in_doubt << " " << has_settled;
        }
      }
    }
  }
}

TEST(MailCopies, OfAnyOtherMailboxProveOnlyThatTheOneMailIsThere) {
  EXPECT_EQ(judge_copies({.found = 1}).verdict, ProbeVerdict::confirmed);
  EXPECT_EQ(judge_copies({.found = 0, .has_settled = true}).verdict, ProbeVerdict::undecided);
  EXPECT_EQ(judge_copies({.found = 2, .accepted = 1, .has_settled = true}).verdict, ProbeVerdict::undecided);
}

TEST(MailCopies, ProveNothingWhereSomebodyHasDecidedAboutOthers) {
  for (std::size_t found = 0; found < 4; ++found) {
    const MailCopies copies{found, 1, 1, true, true, true};
    EXPECT_EQ(judge_copies(copies).verdict, ProbeVerdict::undecided);
  }
}

class FakeImapClient final : public ImapClient {
 public:
  Async<std::size_t> count(ImapServer, ImapSearch search) override {
    searches.push_back(search);
    if (counts.empty()) co_return fail(ErrorKind::unavailable, "the mailbox is closed");
    const std::size_t found = counts.front();
    counts.pop_front();
    co_return found;
  }
  Async<void> visit(ImapServer, std::chrono::milliseconds, Work) override {
    co_return fail(ErrorKind::unsupported, "a probe counts");
  }
  std::deque<std::size_t> counts;
  std::vector<ImapSearch> searches;
};

class NobodySends final : public SmtpClient {
  asio::awaitable<SmtpReceipt> deliver(SmtpServer, SmtpTransaction) override {
    ADD_FAILURE() << "a probe sends nothing";
    co_return SmtpReceipt{};
  }
};

class MailboxProbe : public testing::Test {
 protected:
  Tool tool() {
    MailboxOptions sent{.mailbox = "Archive", .is_authoritative = is_authoritative, .settle_time = seconds(60)};
    return email_send({.smtp = SmtpServer{.host = "mail.example.org"},
                       .outbox = "/nonexistent",
                       .from = EmailAddress::parse("deed@example.org").value(),
                       .root = "/nonexistent",
                       .client = &smtp,
                       .sent = sent,
                       .imap = &imap});
  }
  ProbeResult probe() {
    ctx.asked_part = "a@x.org";
    ctx.parts["a@x.org"] = {PartPhase::in_doubt};
    return probe_tool(tool(), {{"to", {"a@x.org"}}, {"subject", "s"}, {"text", "t"}}, ctx);
  }

  FakeContext ctx;
  FakeImapClient imap;
  NobodySends smtp;
  bool is_authoritative = true;
};

TEST_F(MailboxProbe, MakesTheToolProbeable) {
  EXPECT_EQ(tool().spec.effect, EffectClass::probeable);
  Registry registry;
  EXPECT_OK(registry.add(tool()));
}

TEST_F(MailboxProbe, ConfirmsAtOnceWhatIsThere) {
  imap.counts = {1};
  EXPECT_EQ(probe().verdict, ProbeVerdict::confirmed);
  EXPECT_THAT(ctx.waits, IsEmpty());
  ASSERT_EQ(imap.searches.size(), 1u);
  EXPECT_EQ(imap.searches[0].mailbox, "Archive");
  EXPECT_EQ(imap.searches[0].message_id, "<" + ctx.effect_key().substr(0, 32) + "@example.org>");
}

TEST_F(MailboxProbe, LooksAgainAfterTheSettleTimeBeforeItRefutes) {
  imap.counts = {0, 0};
  EXPECT_EQ(probe().verdict, ProbeVerdict::refuted);
  EXPECT_THAT(ctx.waits, ElementsAre(seconds(60)));
}

TEST_F(MailboxProbe, FindsWhatComesLate) {
  imap.counts = {0, 1};
  EXPECT_EQ(probe().verdict, ProbeVerdict::confirmed);
}

TEST_F(MailboxProbe, IsUndecidedWhereItCannotLookOrAbsenceProvesNothing) {
  const ProbeResult closed = probe();
  EXPECT_EQ(closed.verdict, ProbeVerdict::undecided);
  EXPECT_THAT(closed.evidence, HasSubstr("the mailbox is closed"));
  is_authoritative = false;
  imap.counts = {0, 0};
  EXPECT_EQ(probe().verdict, ProbeVerdict::undecided);
}

TEST_F(MailboxProbe, RefutesNothingWhenItIsStopped) {
  imap.counts = {0, 0};
  ctx.at_wait = [this] { ctx.is_stopping = true; };
  EXPECT_EQ(probe().verdict, ProbeVerdict::undecided);
  EXPECT_EQ(imap.searches.size(), 1u);
}

}  // namespace
}  // namespace deed
