// Every way in which a mail server can fail at every stage, for email.send over a real connection:
// what the tool says happened is held against what the server kept. No list of expected results for
// each case: the promise itself is the oracle.
#include "deed/net/smtp.hpp"
#include "deed/tests/fakes/smtp_server.hpp"
#include "deed/tests/tools/tool_doubles.hpp"
#include "deed/tools/builtin.hpp"

#include <map>
#include <set>

namespace deed {
namespace {

using fakes::SmtpAction;
using fakes::SmtpFault;
using fakes::SmtpStage;

struct Case {
  std::string name;
  SmtpFault fault;
  bool leaves_doubt = false;  ///< the message had ended, and no whole verdict came
  bool is_final = false;      ///< a refusal for good
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

const std::map<SmtpStage, std::string> stage_names = {
    {SmtpStage::greeting, "greeting"}, {SmtpStage::ehlo, "ehlo"}, {SmtpStage::auth, "auth"},
    {SmtpStage::mail, "mail"},         {SmtpStage::rcpt, "rcpt"}, {SmtpStage::data, "data"},
    {SmtpStage::body, "body"},         {SmtpStage::end_of_message, "end_of_message"}};

// All combinations that a server can produce.
std::vector<Case> all_cases() {
  const std::vector<std::pair<std::string, SmtpFault>> ways = {
      {"drops", {.action = SmtpAction::drop}},
      {"resets", {.action = SmtpAction::reset}},
      {"hangs", {.action = SmtpAction::hang}},
      {"says garbage", {.reply = "\x01\xff what?", .then_drop = true}},
      {"says a code that is none", {.reply = "999 what", .then_drop = true}},
      {"says an empty line", {.reply = "\r\n", .then_drop = true}},
      {"breaks a good reply off", {.reply = "250 o", .then_drop = true, .is_cut = true}},
      {"breaks a refusal off", {.reply = "550 n", .then_drop = true, .is_cut = true}},
      {"breaks off between two lines", {.reply = "250-one", .then_drop = true}},
      {"refuses for now", {.reply = "451 4.3.0 later"}},
      {"refuses for now and drops", {.reply = "421 4.3.2 closing", .then_drop = true}},
      {"refuses", {.reply = "550 5.1.1 no"}},
      {"refuses slowly", {.reply = "550-5.1.1 no\r\n550 5.1.1 never", .is_slow = true}},
      {"refuses and drops", {.reply = "554 5.7.1 no", .then_drop = true}}};
  std::vector<Case> out;
  for (const auto& [stage, stage_name] : stage_names) {
    for (const auto& [way, shape] : ways) {
      const bool is_end = stage == SmtpStage::end_of_message;
      if (stage == SmtpStage::body && shape.action == SmtpAction::reply) continue;
      for (const bool loses : {false, true}) {
        if (loses && !is_end) continue;
        Case c{stage_name + " " + way + (loses ? ", mail lost" : ""), shape};
        c.fault.stage = stage;
        c.fault.loses_mail = loses;
        const bool is_whole = shape.action == SmtpAction::reply && !shape.is_cut;
        const bool is_refusal = is_whole && (shape.reply[0] == '4' || shape.reply[0] == '5');
        if (is_refusal && loses) continue;
        c.leaves_doubt = is_end && !is_refusal;
        // EHLO that is refused is followed by HELO, which offers no AUTH, so that MAIL is refused.
        const bool has_helo = stage == SmtpStage::ehlo && !shape.then_drop;
        c.is_final = is_refusal && (shape.reply[0] == '5' || has_helo);
        out.push_back(std::move(c));
      }
    }
  }
  return out;
}

class EmailFaults : public testing::TestWithParam<Case> {
 protected:
  Outcome send(std::size_t times, Json to) {
    SmtpFault fault = GetParam().fault;
    fault.times = times;
    server = std::make_unique<fakes::SmtpServer>(
        fakes::SmtpServerOptions{.faults = {fault}, .user = "ann", .password = "secret"});
    const std::string url = "smtp://ann:secret@127.0.0.1:" + std::to_string(server->port());
    asio::io_context io;
    const auto client = make_smtp_client(io.get_executor(), TrustStore{});
    MailLimits limits;
    // Each try lasts as long as the timeout: two of them tell as much as four.
    const bool hangs = fault.action == SmtpAction::hang;
    if (hangs) limits = {.pauses = {std::chrono::seconds(5)}, .timeout = std::chrono::seconds(1)};
    const Tool tool = email_send({.smtp = SmtpServer::parse(url).value(),
                                  .outbox = "/nonexistent",
                                  .from = EmailAddress::parse("deed@example.org").value(),
                                  .root = "/nonexistent",
                                  .client = client.get(),
                                  .limits = limits});
    // More than the system keeps on its way, so that a server that stops reading is noticed before
    // the end is handed over.
    const bool is_long = fault.stage == SmtpStage::body;
    const std::string text = ".\nt" + std::string(is_long ? 12'000'000 : 0, 'x');
    const Json arguments = {{"to", std::move(to)}, {"subject", "s"}, {"text", text}};
    return run_async(io, tool.run(arguments, ctx));
  }
  std::size_t kept_for(const std::string& who) const {
    std::size_t count = 0;
    for (const fakes::SeenMail& mail : server->kept()) count += mail.to.find(who) != std::string::npos;
    return count;
  }

  std::unique_ptr<fakes::SmtpServer> server;
  FakeContext ctx;
};

// The fault stays: the mail is unsent, in doubt or refused, and the server agrees.
TEST_P(EmailFaults, AreCalledWhatTheServerKnowsThatTheyAre) {
  const Case& c = GetParam();
  const Outcome outcome = send(static_cast<std::size_t>(-1), {"a@x.org"});
  const bool is_refusal = c.fault.action == SmtpAction::reply && !c.fault.is_cut &&
                          (c.fault.reply[0] == '4' || c.fault.reply[0] == '5');
  EXPECT_THAT(outcome, Ended(c.leaves_doubt ? OutcomeStatus::unknown
                             : is_refusal   ? OutcomeStatus::rejected
                                            : OutcomeStatus::failed_without_effect));
  if (outcome.status != OutcomeStatus::unknown) {
    EXPECT_EQ(server->kept().size(), 0u);
  }
  EXPECT_LE(server->kept().size(), 1u);
  EXPECT_EQ(ctx.part("a@x.org").phase, c.leaves_doubt ? PartPhase::in_doubt
                                       : is_refusal   ? PartPhase::settled
                                                      : PartPhase::open);
}

// The fault passes: whoever is not in doubt or refused for good gets the mail once, without a person.
TEST_P(EmailFaults, ThatPassHoldUpNobodyAndRepeatNothing) {
  const Case& c = GetParam();
  const Outcome outcome = send(1, {"a@x.org", "b@x.org"});
  // A server that never answered at all is left: nothing tells it from a wrong address.
  const bool never_answered =
      ctx.part("a@x.org").phase == PartPhase::open && ctx.part("b@x.org").phase == PartPhase::open;
  if (never_answered) {
    EXPECT_EQ(c.fault.stage, SmtpStage::greeting);
    EXPECT_THAT(outcome, Ended(OutcomeStatus::failed_without_effect));
    EXPECT_EQ(server->kept().size(), 0u);
    return;
  }
  EXPECT_EQ(kept_for("b@x.org"), 1u);
  if (c.leaves_doubt) {
    EXPECT_THAT(outcome, Ended(OutcomeStatus::unknown));
    EXPECT_EQ(kept_for("a@x.org"), c.fault.loses_mail ? 0u : 1u);
  } else {
    EXPECT_THAT(outcome, Ended(OutcomeStatus::succeeded));
    EXPECT_EQ(kept_for("a@x.org"), c.is_final ? 0u : 1u);
  }
}

INSTANTIATE_TEST_SUITE_P(Matrix, EmailFaults, testing::ValuesIn(all_cases()), [](const auto& test) {
  std::string name = test.param.name;
  for (char& c : name) {
    if (!isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
});

}  // namespace
}  // namespace deed
