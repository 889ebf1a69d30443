// Runs the built command as a user would: its own process, a home and a working folder of its own, no terminal.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "deed/core/json.hpp"
#include "deed/tests/fakes/http_server.hpp"
#include "deed/tests/fakes/matchers.hpp"

namespace deed {

/// How large a test is to be.
inline std::size_t from_environment(const char* name, std::size_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::stoul(text) : otherwise;
}

struct Ended {
  int code = -1;  ///< the exit code, or 128 + signal
  std::string out, err;

  Json json() const { return parse_json(out).value_or(Json()); }
};

class CommandTest : public testing::Test {
 protected:
  CommandTest() {
    static int count = 0;
    folder_ = std::filesystem::temp_directory_path() / ("deed-cli-" + std::to_string(getpid()) + "-" + std::to_string(++count));
    std::filesystem::create_directories(folder_ / "work");
  }
  ~CommandTest() override { std::filesystem::remove_all(folder_); }

  /// Starts the command; `input` is a file for standard input, or "closed".
  pid_t start(std::vector<std::string> arguments, const std::string& input = "/dev/null", const std::vector<std::string>& more = {}) {
    arguments.insert(arguments.begin(), DEED_COMMAND);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const std::string home = "DEED_HOME=" + (folder_ / "home").string();
    const std::string xdg = "XDG_CONFIG_HOME=" + (folder_ / "config").string();
    std::vector<std::string> variables = {home, xdg, "PATH=/usr/bin:/bin", "HOME=" + folder_.string(), "NO_PROXY=127.0.0.1"};
    variables.insert(variables.end(), more.begin(), more.end());
    std::vector<char*> envp;
    for (std::string& variable : variables) envp.push_back(variable.data());
    envp.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (input == "closed") posix_spawn_file_actions_addclose(&actions, 0);
    else posix_spawn_file_actions_addopen(&actions, 0, input.c_str(), O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, file("out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&actions, 2, file("err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addchdir_np(&actions, (folder_ / "work").c_str());
    pid_t child = 0;
    EXPECT_EQ(posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), envp.data()), 0);
    posix_spawn_file_actions_destroy(&actions);
    return child;
  }
  Ended wait(pid_t child) const {
    int status = 0;
    waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), text("out"), text("err")};
  }
  Ended deed(std::vector<std::string> arguments, const std::string& input = "/dev/null") {
    return wait(start(std::move(arguments), input));
  }

  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  void put(const std::string& name, const std::string& bytes) const { std::ofstream(file(name), std::ios::binary) << bytes; }
  std::string text(const std::string& name) const {
    std::ostringstream out;
    out << std::ifstream(file(name), std::ios::binary).rdbuf();
    return out.str();
  }

  /// A model server's answer: one chunk with this delta, streamed.
  static fakes::HttpReply reply(const Json& delta, const char* finish) {
    const Json chunk = {{"choices", Json::array({{{"index", 0}, {"delta", delta}, {"finish_reason", finish}}})}};
    return fakes::HttpReply::ok("data: " + to_text(chunk) + "\n\ndata: [DONE]\n\n", "text/event-stream");
  }
  static fakes::HttpReply says(const char* words) { return reply({{"content", words}}, "stop"); }
  static fakes::HttpReply calls(const char* tool, const Json& arguments) {
    const Json function = {{"name", tool}, {"arguments", to_text(arguments)}};
    return reply({{"tool_calls", Json::array({{{"index", 0}, {"id", "c1"}, {"type", "function"}, {"function", function}}})}}, "tool_calls");
  }
  static std::string model_at(const fakes::HttpServer& server) { return server.url("/v1") + "#test"; }

  std::filesystem::path folder_;
};

}  // namespace deed
