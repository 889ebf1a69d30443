// A TLS server that no one here wrote: `openssl s_server`, with a certificate that nobody knows.
#pragma once

#include "deed/core/check.hpp"

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

extern char** environ;

namespace deed {

/// Answers every GET over HTTPS on 127.0.0.1 with a page about the connection, until destroyed.
class TlsServer {
 public:
  TlsServer() {
    make_certificate();
    int out[2];
    DEED_CHECK(::pipe2(out, O_CLOEXEC) == 0, "no pipe");
    pid_ = spawn({"openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-key", key_file(),
                  "-cert", certificate_file()},
                 out[1]);
    ::close(out[1]);
    FILE* lines = ::fdopen(out[0], "r");
    char line[256];
    while (port_ == 0 && std::fgets(line, sizeof line, lines)) {
      std::sscanf(line, "ACCEPT 127.0.0.1:%hu", &port_);
    }
    DEED_CHECK(port_ != 0, "openssl s_server did not start");
    lines_ = lines;
  }
  ~TlsServer() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    std::fclose(lines_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/"; }
  static std::string certificate_file() { return folder() + "-" + std::to_string(::getpid()) + ".crt"; }

 private:
  static std::string folder() { return std::string(DEED_BINARY_DIR) + "/tests/loopback"; }
  static std::string key_file() { return folder() + "-" + std::to_string(::getpid()) + ".key"; }

  static pid_t spawn(std::vector<std::string> arguments, int output) {
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid = 0;
    const int failed = ::posix_spawnp(&pid, "openssl", &actions, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    DEED_CHECK(failed == 0, "there is no openssl command");
    return pid;
  }

  // Of this process alone: tests run side by side. Written anew each time: it takes milliseconds, and an old one would run out.
  static void make_certificate() {
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    const pid_t pid =
        spawn({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-nodes", "-days", "2", "-subj", "/CN=loopback", "-addext",
               "subjectAltName=IP:127.0.0.1", "-keyout", key_file(), "-out", certificate_file()},
              nowhere);
    int status = 0;
    ::waitpid(pid, &status, 0);
    ::close(nowhere);
    DEED_CHECK(status == 0, "openssl made no certificate");
  }

  pid_t pid_ = 0;
  std::uint16_t port_ = 0;
  FILE* lines_ = nullptr;
};

}  // namespace deed
