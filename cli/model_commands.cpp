#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <optional>

#include "deed/agent/model_settings.hpp"
#include "deed/cli/commands.hpp"
#include "deed/cli/flags.hpp"
#include "deed/cli/propose.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/local/model_store.hpp"
#include "deed/llm/model_table.hpp"
#include "deed/llm/ollama/ollama_models.hpp"
#include "deed/net/http.hpp"

namespace deed {
namespace {

struct ModelFlags {
  Flags flags;
  std::string name, file;
  bool jsonl = false;
};

Result<std::string> models_dir_of(const Flags& flags) {
  DEED_TRY(const Settings settings, settings_for(flags));
  return models_dir(settings, flags);
}

int list(const ModelFlags& state) {
  const auto dir = models_dir_of(state.flags);
  if (!dir) return report_error(dir.error(), state.flags);
  const auto models = list_models(*dir);
  if (!models) return report_error(models.error(), state.flags);
  Json installed = Json::array(), catalogue = Json::array();
  for (const InstalledModel& model : *models) {
    installed.push_back({{"name", "local:" + model.name}, {"path", model.path}, {"bytes", model.bytes}, {"problem", model.problem},
                         {"tools", to_string(model.tools)}});
    if (!state.flags.json) {
      std::printf("local:%-14s %10s  %-7s  %s%s\n", model.name.c_str(), human_bytes(model.bytes).c_str(), to_string(model.tools), model.path.c_str(),
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

// What is known of models: the user's rows, then the built-in ones. Prices are dollars for a million tokens.
int prices(const ModelFlags& state) {
  const auto settings = settings_for(state.flags);
  if (!settings) return report_error(settings.error(), state.flags);
  const auto own = own_models(*settings);
  if (!own) return report_error(own.error(), state.flags);
  Json rows = Json::array();
  const auto add = [&](const ModelRow& row, const char* from) {
    const std::string takes = std::string(row.takes_images ? "pictures " : "") + (row.takes_audio ? "sounds " : "") + (row.takes_documents ? "PDF" : "");
    if (state.flags.json) {
      rows.push_back({{"prefix", row.prefix}, {"window", row.context_window}, {"input", row.usd_per_million_input},
                      {"cached", row.usd_per_million_cached.value_or(row.usd_per_million_input)}, {"output", row.usd_per_million_output},
                      {"images", row.takes_images}, {"audio", row.takes_audio}, {"documents", row.takes_documents}, {"from", from}});
    } else {
      std::printf("%-24s %9lld %8.3f %8.3f %8.3f  %-20s %s\n", row.prefix.c_str(), static_cast<long long>(row.context_window),
                  row.usd_per_million_input, row.usd_per_million_cached.value_or(row.usd_per_million_input), row.usd_per_million_output,
                  takes.c_str(), from);
    }
  };
  if (!state.flags.json) std::printf("%-24s %9s %8s %8s %8s  %-20s\n", "name begins with", "window", "input", "cached", "output", "takes");
  const std::string built_in = "as of " + std::string(model_table_date);
  for (const ModelRow& row : *own) add(row, "your configuration");
  for (const ModelRow& row : known_models()) add(row, built_in.c_str());
  if (state.flags.json) print_json({{"version", 1}, {"date", model_table_date}, {"usd_per_million_tokens", rows}});
  return 0;
}

// An Ollama server's models. The loop runs until the request has ended.
template <class T>
Result<T> on_ollama(const ModelFlags& state, const std::function<Async<T>(const ModelEnvironment&)>& ask) {
  DEED_TRY(const Settings settings, settings_for(state.flags));
  asio::io_context io;
  const auto http = make_http_client(io.get_executor());
  ModelEnvironment around{.executor = io.get_executor(), .http = http.get(), .getenv = environment};
  DEED_TRY(around.providers, provider_settings(settings, "ollama:", environment));
  std::optional<Result<T>> result;
  asio::co_spawn(io, detail::keep(ask(around), result), asio::detached);
  io.run();
  if (!result) return fail(ErrorKind::internal, "the request did not end");
  return *std::move(result);
}

int list_ollama(const ModelFlags& state) {
  const auto models = on_ollama<std::vector<ollama::OllamaModel>>(state, ollama::list);
  if (!models) return report_error(models.error(), state.flags);
  Json rows = Json::array();
  for (const ollama::OllamaModel& model : *models) {
    rows.push_back({{"name", "ollama:" + model.name}, {"bytes", model.size_bytes}, {"parameters", model.parameters}, {"quantization", model.quantization}});
    if (!state.flags.json) {
      std::printf("ollama:%-24s %10s  %s %s\n", for_terminal(model.name).c_str(), human_bytes(static_cast<std::size_t>(model.size_bytes)).c_str(),
                  for_terminal(model.parameters).c_str(), for_terminal(model.quantization).c_str());
    }
  }
  if (state.flags.json) print_json({{"version", 1}, {"models", rows}});
  return 0;
}

int pull(const ModelFlags& state) {
  const bool is_terminal = isatty(STDERR_FILENO) != 0;
  std::string last;
  const auto progress = [&](const ollama::PullProgress& at) {
    std::string line = for_terminal(at.status);
    if (is_terminal && at.total_bytes > 0) line += " " + std::to_string(at.completed_bytes * 100 / at.total_bytes) + "%";
    if (line != last) std::fprintf(stderr, is_terminal ? "\r\033[K%s" : "%s\n", line.c_str());
    last = line;
  };
  const std::string name = state.name.starts_with("ollama:") ? state.name.substr(7) : state.name;
  const auto pulled = on_ollama<void>(state, [&](const ModelEnvironment& around) { return ollama::pull(around, name, progress); });
  if (is_terminal && !last.empty()) std::fprintf(stderr, "\n");
  if (!pulled) return report_error(pulled.error(), state.flags);
  if (state.flags.json) print_json({{"version", 1}, {"model", "ollama:" + name}});
  else std::printf("ollama:%s\n", name.c_str());
  return 0;
}

int path(const ModelFlags& state) {
  const auto dir = models_dir_of(state.flags);
  return print_path(dir ? model_path(state.name, *dir) : dir, state);
}

int add(const ModelFlags& state) {
  const auto dir = models_dir_of(state.flags);
  return print_path(dir ? add_model(state.file, *dir) : dir, state);
}

int install(const ModelFlags& state) {
  const auto dir = models_dir_of(state.flags);
  InstallOptions options;
  options.progress = [](std::string_view line) { std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data()); };
  return print_path(dir ? install_model(state.name, *dir, options) : dir, state);
}

int propose_calls(const ModelFlags& state) {
  const auto settings = settings_for(state.flags);
  if (!settings) return report_error(settings.error(), state.flags);
  const auto dir = models_dir_of(state.flags);
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
  CLI::App* models = app.add_subcommand("models", "Models: embedded, of an Ollama server, and what is known of remote ones");
  models->require_subcommand(1);
  const auto command = [&](const char* name, const char* about, int (*run)(const ModelFlags&)) {
    CLI::App* sub = models->add_subcommand(name, about);
    add_common_flags(*sub, state->flags);
    sub->callback([state, &chosen, run] { chosen = [state, run] { return run(*state); }; });
    return sub;
  };
  command("list", "What is installed and what can be", list);
  command("prices", "What is known of remote models: windows, prices, what they take", prices);
  command("ollama", "What an Ollama server has (OLLAMA_HOST)", list_ollama);
  command("pull", "Have an Ollama server fetch a model", pull)->add_option("name", state->name, "qwen3:8b")->required();
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
