#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "deed/agent/model_settings.hpp"
#include "deed/cli/commands.hpp"
#include "deed/cli/flags.hpp"
#include "deed/cli/propose.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/local/model_store.hpp"
#include "deed/net/http.hpp"

namespace deed {
namespace {

struct ModelFlags {
  Flags flags;
  std::string name, file;
  bool jsonl = false;
};

// Where models are kept, without opening a journal.
Result<std::string> models_dir(const Flags& flags) {
  DEED_TRY(const Settings settings, settings_for(flags));
  const std::string set = settings.text("models_dir");
  if (!set.empty()) return set;
  if (!flags.home.empty()) return flags.home + "/models";
  DEED_TRY(const std::string home, default_home());
  return home + "/models";
}

int list(const ModelFlags& state) {
  const auto dir = models_dir(state.flags);
  if (!dir) return report_error(dir.error(), state.flags);
  const auto models = list_models(*dir);
  if (!models) return report_error(models.error(), state.flags);
  Json installed = Json::array(), catalogue = Json::array();
  for (const InstalledModel& model : *models) {
    installed.push_back({{"name", "local:" + model.name}, {"path", model.path}, {"bytes", model.bytes}, {"problem", model.problem}});
    if (!state.flags.json) {
      std::printf("local:%-14s %10s  %s%s\n", model.name.c_str(), human_bytes(model.bytes).c_str(), model.path.c_str(),
                  model.problem.empty() ? "" : ("  (" + model.problem + ")").c_str());
    }
  }
  for (const CatalogueModel& model : model_catalogue()) {
    catalogue.push_back({{"name", model.name}, {"description", model.description}, {"bytes", model.bytes}, {"licence", model.licence}});
    if (!state.flags.json) {
      std::fprintf(stderr, "can be installed: %s, %s, %s (deed models install %s)\n", model.name.c_str(), human_bytes(model.bytes).c_str(),
                   model.licence.c_str(), model.name.c_str());
    }
  }
  if (state.flags.json) print_json({{"version", 1}, {"installed", installed}, {"catalogue", catalogue}});
  return 0;
}

// Prints the path that a command ended with.
int print_path(const Result<std::string>& path, const ModelFlags& state) {
  if (!path) return report_error(path.error(), state.flags);
  if (state.flags.json) print_json({{"version", 1}, {"path", *path}});
  else std::printf("%s\n", path->c_str());
  return 0;
}

int path(const ModelFlags& state) {
  const auto dir = models_dir(state.flags);
  return print_path(dir ? model_path(state.name, *dir) : dir, state);
}

int add(const ModelFlags& state) {
  const auto dir = models_dir(state.flags);
  return print_path(dir ? add_model(state.file, *dir) : dir, state);
}

int install(const ModelFlags& state) {
  const auto dir = models_dir(state.flags);
  InstallOptions options;
  options.progress = [](std::string_view line) { std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data()); };
  return print_path(dir ? install_model(state.name, *dir, options) : dir, state);
}

int propose_calls(const ModelFlags& state) {
  const auto settings = settings_for(state.flags);
  if (!settings) return report_error(settings.error(), state.flags);
  const auto dir = models_dir(state.flags);
  if (!dir) return report_error(dir.error(), state.flags);
  asio::io_context io;
  const auto http = make_http_client(io.get_executor());
  const auto name = resolve_model(*settings, settings->text("model"), "local:smollm2");
  if (!name) return report_error(name.error(), state.flags);
  ModelEnvironment around{.executor = io.get_executor(), .http = http.get(), .models_dir = *dir, .getenv = environment};
  around.threads = static_cast<int>(settings->number("threads").value_or(0));
  auto providers_set = provider_settings(*settings, *name, environment);
  if (!providers_set) return report_error(providers_set.error(), state.flags);
  around.providers = *std::move(providers_set);
  auto model = open_model(*name, around);
  if (!model) return report_error(model.error(), state.flags);
  std::ifstream from_file;
  if (!state.file.empty() && state.file != "-") {
    from_file.open(state.file, std::ios::binary);
    if (!from_file) return report_error({ErrorKind::not_found, "the file cannot be read", state.file}, state.flags);
  }
  return propose(**model, io, from_file.is_open() ? from_file : std::cin, std::cout);
}

}  // namespace

void add_model_commands(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<ModelFlags>();
  CLI::App* models = app.add_subcommand("models", "The embedded models");
  models->require_subcommand(1);
  const auto command = [&](const char* name, const char* about, int (*run)(const ModelFlags&)) {
    CLI::App* sub = models->add_subcommand(name, about);
    add_common_flags(*sub, state->flags);
    sub->callback([state, &chosen, run] { chosen = [state, run] { return run(*state); }; });
    return sub;
  };
  command("list", "What is installed and what can be", list);
  command("path", "Where a model is", path)->add_option("name", state->name)->required();
  command("install", "Fetch and check a model of the catalogue", install)->add_option("name", state->name)->required();
  command("add", "Check a GGUF file and keep it", add)->add_option("file", state->file)->required();

  CLI::App* proposes = app.add_subcommand("propose", "Choose the next call for each line of JSON, and run nothing");
  add_common_flags(*proposes, state->flags);
  proposes->add_option("--model", state->flags.model, "The model that chooses");
  proposes->add_option("--threads", state->flags.threads, "Threads of the embedded model");
  proposes->add_flag("--jsonl", state->jsonl, "Read and write a line of JSON each (the only form so far)");
  proposes->add_option("file", state->file, "Lines {\"id\",\"request\",\"tools\"}; - or nothing reads standard input");
  proposes->callback([state, &chosen] { chosen = [state] { return propose_calls(*state); }; });
}

}  // namespace deed
