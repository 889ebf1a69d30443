#include "deed/agent/settings.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "deed/agent/agent_options.hpp"
#include "deed/agent/mail_settings.hpp"
#include "deed/agent/model_settings.hpp"
#include "deed/agent/secret_source.hpp"
#include "deed/llm/model_table.hpp"
#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

class SettingsTest : public testing::Test {
 protected:
  SettingsTest() : folder_(std::filesystem::temp_directory_path() / ("deed-settings-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~SettingsTest() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    std::ofstream(path) << text;
    return path;
  }
  Result<Settings> load(const std::string& user, const std::string& project = "", std::map<std::string, std::string> env = {}) {
    SettingSources sources;
    sources.files = {file("user.toml", user)};
    if (!project.empty()) sources.project_file = file("project.toml", project);
    sources.getenv = [env](std::string_view name) -> std::optional<std::string> {
      const auto it = env.find(std::string(name));
      return it == env.end() ? std::nullopt : std::optional(it->second);
    };
    return load_settings(sources);
  }
  std::filesystem::path folder_;
};

TEST_F(SettingsTest, TheStrongerLayerWinsAndIsNamed) {
  const auto settings = load("model = \"a\"\n[smtp]\nfrom = \"a@example.org\"\n", "[smtp]\nfrom = \"b@example.org\"\n", {{"DEED_MODEL", "c"}});
  ASSERT_OK(settings);
  EXPECT_EQ(settings->text("model"), "c");
  EXPECT_EQ(settings->find("model")->origin, "DEED_MODEL");
  EXPECT_EQ(settings->text("smtp.from"), "b@example.org");
  EXPECT_THAT(settings->find("smtp.from")->origin, HasSubstr("project.toml"));
}

TEST_F(SettingsTest, AProjectsFileCannotWidenWhatIsAllowed) {
  for (const char* text : {"allow = [\"email.send\"]", "allow_hosts = [\"localhost\"]", "model = \"http://evil.example/v1#m\"",
                           "[smtp]\nurl = \"smtp://evil.example\"", "[smtp]\npassword_command = [\"sh\"]", "root = \"/\""}) {
    EXPECT_THAT(load("", text), IsError(ErrorKind::denied, HasSubstr("project.toml:"))) << text;
  }
}

TEST_F(SettingsTest, AnUnknownKeyIsNamedWithItsPlaceAndTheNearestOne) {
  EXPECT_THAT(load("\nmodle = \"x\"\n"), IsError(ErrorKind::invalid, testing::AllOf(HasSubstr("user.toml:2"), HasSubstr("\"model\""))));
}

TEST_F(SettingsTest, AWrongTypeIsNamed) {
  EXPECT_THAT(load("model = 3"), IsError(ErrorKind::invalid, HasSubstr("must be a text")));
  EXPECT_THAT(load("allow = [1]"), IsError(ErrorKind::invalid, HasSubstr("list of texts")));
  EXPECT_THAT(load("", "", {{"DEED_THREADS", "many"}}), IsError(ErrorKind::invalid, HasSubstr("DEED_THREADS")));
}

TEST_F(SettingsTest, BrokenTomlNamesLineAndColumn) {
  EXPECT_THAT(load("model = \n"), IsError(ErrorKind::invalid, HasSubstr("user.toml:1:")));
}

TEST_F(SettingsTest, RulesOfAllLayersAddUp) {
  auto settings = load("allow = [\"a:b\"]");
  ASSERT_OK(settings);
  settings->set("allow", {"c:d"}, "flag --allow");
  EXPECT_EQ(settings->list("allow"), (std::vector<std::string>{"a:b", "c:d"}));
}

TEST_F(SettingsTest, OptionsNameTheSettingThatIsWrong) {
  const auto settings = load("[smtp]\nfrom = \"nobody\"\n");
  ASSERT_OK(settings);
  const auto options = agent_options(*settings, [](std::string_view) { return std::nullopt; });
  EXPECT_THAT(options, IsError(ErrorKind::invalid, HasSubstr("not a mail address")));
}

TEST_F(SettingsTest, TheMailboxHasTheAccountOfTheMailServerUnlessItIsGivenOne) {
  const auto none = [](std::string_view) { return std::nullopt; };
  const std::string smtp = "[smtp]\nurl = \"smtp://me:hidden1@mail.example.org\"\n";
  const auto same = load(smtp + "[imap]\nurl = \"imaps://mail.example.org\"\nmailbox = \"Archive\"\nauthoritative = true\nsettle_s = 5\n");
  ASSERT_OK(same);
  const auto options = agent_options(*same, none);
  ASSERT_OK(options);
  ASSERT_TRUE(options->mail.sent);
  EXPECT_EQ(options->mail.sent->server.user, "me");
  EXPECT_EQ(options->mail.sent->server.password.reveal(), "hidden1");
  EXPECT_EQ(options->mail.sent->mailbox, "Archive");
  EXPECT_TRUE(options->mail.sent->is_authoritative);
  EXPECT_EQ(options->mail.sent->settle_time, std::chrono::seconds(5));
  EXPECT_EQ(options->recorded_settings.at("smtp.url"), "smtp://mail.example.org");
  const auto own = load(smtp + "[imap]\nurl = \"imaps://you:hidden2@mail.example.org\"\n");
  ASSERT_OK(own);
  const auto other = agent_options(*own, none);
  ASSERT_OK(other);
  EXPECT_EQ(other->mail.sent->server.user, "you");
  EXPECT_FALSE(other->mail.sent->is_authoritative);
  EXPECT_EQ(to_text(other->recorded_settings).find("hidden"), std::string::npos);
}

TEST_F(SettingsTest, AnAccountWithANameHasNothingOfTheOneWithout) {
  const std::string both = "[smtp]\nurl = \"smtp://me:hidden1@mail.example.org\"\nfrom = \"me@example.org\"\n"
                           "[mail.work.smtp]\nurl = \"smtp://we@smtp.example.com\"\nfrom = \"we@example.com\"\nfrom_name = \"Sales\"\n"
                           "[mail.work.imap]\nurl = \"imaps://imap.example.com\"\ndrafts = \"Entwürfe\"\n";
  const auto environment = [](std::string_view name) -> std::optional<std::string> {
    if (name == "DEED_SMTP_PASSWORD") return "of the other";
    if (name == "DEED_MAIL_WORK_PASSWORD") return "hidden2";
    return std::nullopt;
  };
  const auto settings = load(both, "", {{"DEED_ACCOUNT", "work"}});
  ASSERT_OK(settings);
  const auto options = agent_options(*settings, environment);
  ASSERT_OK(options);
  const MailAccount& mail = options->mail;
  EXPECT_EQ(mail.smtp->host, "smtp.example.com");
  EXPECT_EQ(mail.smtp->password.reveal(), "hidden2");
  EXPECT_EQ(mail.mailbox->user, "we");
  EXPECT_EQ(mail.from->text(), "we@example.com");
  EXPECT_EQ(mail.from_name, "Sales");
  EXPECT_EQ(mail.drafts, "Entwürfe");
  EXPECT_EQ(mail.copies, "Sent");
  EXPECT_EQ(options->recorded_settings.at("account"), "work");
  EXPECT_EQ(options->recorded_settings.at("mail.work.smtp.url"), "smtp://smtp.example.com");
  EXPECT_FALSE(options->recorded_settings.contains("smtp.url"));
  const auto other = load(both);
  ASSERT_OK(other);
  EXPECT_EQ(agent_options(*other, environment)->mail.smtp->host, "mail.example.org");
  const auto none = load(both, "", {{"DEED_ACCOUNT", "home"}});
  ASSERT_OK(none);
  EXPECT_THAT(agent_options(*none, environment), IsError(ErrorKind::not_found, HasSubstr("\"home\"")));
  EXPECT_THAT(load("", "[mail.work.smtp]\nfrom = \"x@example.org\"\n"), IsError(ErrorKind::denied));
}

TEST_F(SettingsTest, ATokenGoesBeforeAPasswordAndComesFromACommand) {
  const auto none = [](std::string_view) { return std::nullopt; };
  const auto settings = load("[smtp]\nurl = \"smtp://me@mail.example.org\"\ntoken_command = [\"echo\", \"ya29.token\"]\npassword_command = [\"false\"]\n"
                             "[imap]\nurl = \"imaps://mail.example.org\"\n");
  ASSERT_OK(settings);
  const auto options = agent_options(*settings, none);
  ASSERT_OK(options);
  EXPECT_EQ(options->mail.smtp->token.reveal(), "ya29.token");
  EXPECT_TRUE(options->mail.smtp->password.empty());
  EXPECT_EQ(options->mail.mailbox->token.reveal(), "ya29.token");
  EXPECT_EQ(to_text(options->recorded_settings).find("ya29"), std::string::npos);
}

TEST_F(SettingsTest, ASecondCopyInAnAuthoritativeMailboxIsRefused) {
  const auto none = [](std::string_view) { return std::nullopt; };
  const auto both = load("[imap]\nurl = \"imaps://h\"\nauthoritative = true\ncopy = true\n");
  ASSERT_OK(both);
  EXPECT_THAT(agent_options(*both, none), IsError(ErrorKind::invalid, HasSubstr("exclude")));
  const auto one = load("[imap]\nurl = \"imaps://h\"\nauthoritative = true\n");
  ASSERT_OK(one);
  EXPECT_EQ(agent_options(*one, none)->mail.copies, "");
}

TEST_F(SettingsTest, NamesOfTheUsersOwnMayHaveDots) {
  const auto settings = load("[models.\"gpt-4.1\"]\ninput = 3.5\nimages = false\n[models.mine]\nwindow = 4096\n");
  ASSERT_OK(settings);
  EXPECT_THAT(settings->names_below("models."), testing::ElementsAre("gpt-4.1", "mine"));
  const auto rows = own_models(*settings);
  ASSERT_OK(rows);
  const ModelInfo known = model_info("openai:gpt-4.1", "gpt-4.1", *rows);
  EXPECT_EQ(known.usd_per_million_input, 3.5);
  EXPECT_EQ(known.usd_per_million_output, 8) << "what is not said stays";
  EXPECT_FALSE(known.takes_images);
  EXPECT_EQ(model_info("x", "mine-2", *rows).context_window, 4096);
}

TEST_F(SettingsTest, HowALocalModelCallsToolsIsSetByTheBeginningOfItsName) {
  const auto settings = load("[models.\"local:/m/a.gguf\"]\ntools = \"planner\"\n");
  ASSERT_OK(settings);
  const auto rows = own_models(*settings);
  ASSERT_OK(rows);
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->front().prefix, "local:/m/a.gguf");
  EXPECT_EQ(rows->front().tools, ToolFormat::planner);
  EXPECT_EQ(rows->front().context_window, 0) << "the file says what fits";
  const auto wrong = load("[models.\"local:x\"]\ntools = \"magic\"\n");
  ASSERT_OK(wrong);
  EXPECT_THAT(own_models(*wrong), IsError(ErrorKind::invalid));
}

TEST_F(SettingsTest, AnAliasStandsForAModelOrAChain) {
  const auto settings = load("[alias]\nbest = \"anthropic:a, cheap\"\ncheap = \"local:b\"\nplan = \"best\"\nloop = \"loop\"\n");
  ASSERT_OK(settings);
  EXPECT_EQ(resolve_model(*settings, "best", "x").value(), "anthropic:a, local:b");
  EXPECT_EQ(resolve_model(*settings, "", "x").value(), "anthropic:a, local:b");
  EXPECT_EQ(resolve_model(*settings, "openai:c", "x").value(), "openai:c");
  EXPECT_THAT(resolve_model(*settings, "loop", "x"), IsError(ErrorKind::invalid, HasSubstr("circle")));
}

TEST_F(SettingsTest, AProvidersKeyIsReadOnlyWhereItIsAskedFor) {
  const std::string key = file("key", "sk-1\n");
  std::filesystem::permissions(key, std::filesystem::perms::owner_read);
  const auto settings = load("[providers.anthropic]\nkey_file = \"" + key + "\"\nheaders = [\"X-Team: blue\", \"X-Pass: $PASS\"]\n" +
                             "[providers.openai]\nkey_file = \"/does/not/exist\"\nbase_url = \"https://proxy.example/v1\"\n");
  ASSERT_OK(settings);
  const auto getenv = [](std::string_view name) { return name == "PASS" ? std::optional<std::string>("p") : std::nullopt; };
  const auto providers = provider_settings(*settings, "anthropic:a, local:b", getenv);
  ASSERT_OK(providers);
  EXPECT_FALSE(providers->contains("openai"));
  EXPECT_EQ(providers->at("anthropic").key.reveal(), "sk-1");
  EXPECT_EQ(providers->at("anthropic").headers[1].second, "p");
  ASSERT_EQ(providers->at("anthropic").secrets.size(), 1u) << "what comes from a variable is secret";
  EXPECT_EQ(providers->at("anthropic").secrets[0].reveal(), "p");
  EXPECT_FALSE(provider_settings(*settings, "openai-chat:x", getenv));
  EXPECT_FALSE(provider_settings(*settings, "anthropic:a", [](std::string_view) { return std::optional<std::string>(); }))
      << "the header's variable is not set";
}

TEST_F(SettingsTest, AProjectChoosesNeitherModelsNorPrices) {
  for (const char* text : {"[alias]\nplan = \"http://evil/#x\"\n", "[providers.openai]\nbase_url = \"http://evil\"\n",
                           "[models.gpt-5]\ninput = 0\n"}) {
    EXPECT_THAT(load("", text), IsError(ErrorKind::denied, HasSubstr("may not set")));
  }
}

TEST_F(SettingsTest, TheEnvironmentSaysTrueOrFalse) {
  const auto settings = load("", "", {{"DEED_IMAP_AUTHORITATIVE", "true"}});
  ASSERT_OK(settings);
  EXPECT_TRUE(settings->flag("imap.authoritative"));
  EXPECT_THAT(load("", "", {{"DEED_IMAP_AUTHORITATIVE", "yes"}}), IsError(ErrorKind::invalid, HasSubstr("true or false")));
  EXPECT_THAT(load("[imap]\nauthoritative = 1\n"), IsError(ErrorKind::invalid, HasSubstr("true or false")));
  EXPECT_THAT(load("", "[imap]\nauthoritative = true\n"), IsError(ErrorKind::denied));
}

TEST_F(SettingsTest, ASecretFileThatOthersCanReadIsRefused) {
  const std::string path = file("secret", "hunter22\n");
  std::filesystem::permissions(path, std::filesystem::perms(0644));
  EXPECT_THAT(read_secret_file(path), IsError(ErrorKind::denied, HasSubstr("chmod 600")));
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  const auto secret = read_secret_file(path);
  ASSERT_OK(secret);
  EXPECT_EQ(secret->reveal(), "hunter22");
}

TEST_F(SettingsTest, ASecretCommandRunsWithoutAShell) {
  const auto secret = read_secret_command({"printf", "%s", "$HOME;x"});
  ASSERT_OK(secret);
  EXPECT_EQ(secret->reveal(), "$HOME;x");
  EXPECT_THAT(read_secret_command({"false"}), IsError(ErrorKind::unavailable));
  EXPECT_THAT(read_secret_command({"/no/such/program"}), IsError(ErrorKind::unavailable));
}

TEST_F(SettingsTest, TheBoundsOfMailAreReadAndAWrongOneIsNamed) {
  const auto none = [](std::string_view) { return std::optional<std::string>(); };
  const auto account = [&](const std::string& text) -> Result<MailAccount> {
    DEED_TRY(const Settings settings, load(text));
    return mail_account(settings, none);
  };
  const auto read = account("account = \"work\"\n[smtp]\nrate = \"1/day\"\n[mail]\nmax_recipients = 7\nmax_failures = 3\nmax_attachments_mib = 60\nsuppress = [\"Ann@x.org\"]\n"
                            "[mail.work.smtp]\nurl = \"smtp://h\"\nrate = \"30/minute\"\ndomain_rate = \"5/second\"\nretry_h = 0.5\n");
  ASSERT_OK(read);
  EXPECT_EQ(read->rate, (MailRate{30, std::chrono::minutes(1)}));
  EXPECT_EQ(read->domain_rate, (MailRate{5, std::chrono::seconds(1)}));
  EXPECT_EQ(read->limits.max_recipients, 7);
  EXPECT_EQ(read->limits.max_failures, 3);
  EXPECT_EQ(read->limits.max_attachments_bytes, std::uint64_t{60} << 20);
  EXPECT_EQ(read->limits.pauses.back(), std::chrono::minutes(20));
  EXPECT_THAT(read->suppressed.entries(), testing::ElementsAre("ann@x.org"));
  for (const char* text : {"[smtp]\nrate = \"fast\"\n", "[smtp]\nretry_h = -1\n", "[smtp]\nretry_h = 121\n", "[mail]\nmax_failures = -1\n", "[mail]\nmax_attachments_mib = 2001\n", "[mail]\nmax_attachments_mib = -1\n", "[mail]\nsuppress = [\"x\"]\n"}) {
    EXPECT_THAT(account(text), IsError(ErrorKind::invalid, HasSubstr("user.toml"))) << text;
  }
}

}  // namespace
}  // namespace deed
