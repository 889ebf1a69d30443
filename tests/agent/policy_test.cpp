#include "deed/agent/policy.hpp"

#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

const ToolSpec mail{.name = "email.send", .roles = {{"to", ArgumentRole::destination}, {"text", ArgumentRole::text}}};
const std::vector<ArgumentOrigin> from_user = {{"/to/0", "request", Trust::user}};
const std::vector<ArgumentOrigin> from_page = {{"/to/0", "text of call_1_1", Trust::untrusted}};
const std::vector<ArgumentOrigin> made_up = {{"/to/0", "none", Trust::untrusted}};

PolicyDecided decided(const Policy& policy, const std::vector<ArgumentOrigin>& origins,
                      std::vector<std::string> destinations = {"ann@example.org"}) {
  return apply_policy(policy, {.spec = mail, .needs_approval = true, .destinations = std::move(destinations), .origins = origins});
}
Policy with_rule(const char* rule) { return {.allow = {AllowRule::parse(rule).value()}}; }

TEST(Policy, AsksByDefault) { EXPECT_EQ(decided({}, from_user).verdict, Verdict::ask); }

TEST(Policy, WhatNeedsNoApprovalIsAllowed) {
  EXPECT_EQ(apply_policy({}, {.spec = mail, .needs_approval = false, .destinations = {}, .origins = made_up}).verdict, Verdict::allow);
}

TEST(Policy, YesAllowsWhatTheUserNamed) { EXPECT_EQ(decided({.yes = true}, from_user).verdict, Verdict::allow); }

TEST(Policy, YesDoesNotCoverAMadeUpDestination) {
  const auto verdict = decided({.yes = true}, made_up);
  EXPECT_EQ(verdict.verdict, Verdict::ask);
  EXPECT_THAT(verdict.why, HasSubstr("made it up"));
}

TEST(Policy, YesDoesNotCoverADestinationThatOnlyAPageNamed) {
  const auto verdict = decided({.yes = true}, from_page);
  EXPECT_EQ(verdict.verdict, Verdict::ask);
  EXPECT_THAT(verdict.why, HasSubstr("untrusted"));
}

TEST(Policy, ARuleAllowsOnlyWhenEveryDestinationMatches) {
  const Policy policy = with_rule("email.send:*@example.org");
  EXPECT_EQ(decided(policy, from_user).verdict, Verdict::allow);
  EXPECT_EQ(decided(policy, from_user, {"ann@example.org", "eve@evil.com"}).verdict, Verdict::ask);
  EXPECT_EQ(decided(policy, from_user, {"ann@example.org.evil.com"}).verdict, Verdict::ask);
}

TEST(Policy, ARuleOfAnotherToolDoesNotCount) {
  EXPECT_EQ(decided(with_rule("http.request:*"), from_user).verdict, Verdict::ask);
  EXPECT_EQ(decided(with_rule("email.*"), from_user).verdict, Verdict::allow);
}

TEST(Policy, ARuleWithADestinationDoesNotCoverACallWithoutOne) {
  EXPECT_EQ(decided(with_rule("email.send:*@example.org"), {}, {}).verdict, Verdict::ask);
}

TEST(Policy, TheVersionChangesWithTheRules) {
  const std::string plain = Policy{}.version();
  EXPECT_NE(plain, Policy{.yes = true}.version());
  EXPECT_NE(plain, with_rule("email.send").version());
  EXPECT_EQ(plain, Policy{}.version());
}

TEST(Policy, RefusesRulesThatSayNothing) {
  for (const char* text : {"", ":", "email.send:", ":x", "a\nb"}) EXPECT_THAT(AllowRule::parse(text), IsError(ErrorKind::invalid)) << text;
}

}  // namespace
}  // namespace deed
