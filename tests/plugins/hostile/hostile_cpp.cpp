// A hostile plugin in C++: what the standard library offers. Says of each attempt "NAME refused" or "NAME SUCCEEDED".
// usage: hostile_cpp attack|bomb|fill|memory; what to attack is in the environment, see hostile_test.cpp
#include <unistd.h>

#include <boost/asio.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::string given(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

template <class Attempt>
void attempt(const char* name, Attempt body) {
  bool succeeded = false;
  std::string why = "no";
  try {
    succeeded = body();
  } catch (const std::exception& error) {
    why = error.what();
  }
  std::cout << name << (succeeded ? " SUCCEEDED" : " refused: " + why) << std::endl;
}

bool reads(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  return static_cast<bool>(std::getline(file, line));
}

bool writes(const std::string& path, std::ios::openmode mode) {
  std::ofstream file(path, mode);
  file << "changed";
  return static_cast<bool>(file.flush());
}

void attack_files() {
  attempt("read-secret", [] { return reads(given("SECRET")); });
  attempt("read-open", [] { return reads(given("OPEN")); });
  attempt("list-folder", [] { return fs::directory_iterator(given("OUTSIDE")) != fs::directory_iterator(); });
  attempt("write", [] { return writes(given("OPEN"), std::ios::trunc); });
  attempt("append", [] { return writes(given("OPEN"), std::ios::app); });
  attempt("create", [] { return writes(given("NEW"), std::ios::trunc); });
  attempt("truncate", [] { return fs::resize_file(given("OPEN"), 0), true; });
  attempt("write-readable", [] { return writes(given("READABLE_FILE"), std::ios::app); });
  attempt("truncate-readable", [] { return fs::resize_file(given("READABLE_FILE"), 0), true; });
  attempt("rename", [] { return fs::rename(given("OPEN"), given("WRITABLE") + "/taken"), true; });
  attempt("copy", [] { return fs::copy_file(given("SECRET"), given("WRITABLE") + "/copy"); });
  attempt("hard-link", [] { return fs::create_hard_link(given("OPEN"), given("WRITABLE") + "/linked"), true; });
  attempt("delete", [] { return fs::remove(given("OPEN")); });
  attempt("chmod", [] { return fs::permissions(given("SECRET"), fs::perms::all), true; });
  attempt("touch", [] { return fs::last_write_time(given("OPEN"), fs::file_time_type::clock::now()), true; });
  attempt("create-folder", [] { return fs::create_directory(given("OUTSIDE") + "/folder"); });
  attempt("parent-environ", [] { return reads("/proc/" + given("PARENT") + "/environ"); });
}

void attack_network() {
  using boost::asio::ip::tcp;
  boost::asio::io_context context;
  attempt("tcp", [&] {
    const auto port = static_cast<unsigned short>(std::stoi(given("PORT")));
    tcp::socket(context).connect({boost::asio::ip::address_v4::loopback(), port});
    return true;
  });
  attempt("unix-socket", [&] {
    boost::asio::local::stream_protocol::socket(context).connect(given("SOCKET"));
    return true;
  });
  attempt("listen", [&] { return tcp::acceptor(context, {tcp::v4(), 0}).is_open(); });
}

// Threads are processes to the limit.
int bomb() {
  std::vector<std::thread> threads;
  try {
    while (threads.size() < 1000) threads.emplace_back([] { pause(); });
  } catch (const std::exception&) {
  }
  std::cout << "forked " << threads.size() << std::endl;
  for (;;) pause();
}

int fill() {
  std::signal(SIGXFSZ, SIG_IGN);
  std::ofstream file(given("WRITABLE") + "/large");
  const std::string block(65536, 'x');
  for (int i = 0; i < 10000 && file; ++i) file << block << std::flush;
  std::cout << "large-file " << (file ? "SUCCEEDED" : "refused") << std::endl;
  return 0;
}

int memory() {
  std::vector<std::vector<char>> blocks;
  try {
    while (blocks.size() < 4096) blocks.emplace_back(1 << 20, 'x');
  } catch (const std::bad_alloc&) {
  }
  const std::size_t count = blocks.size();
  blocks.clear();
  std::cout << "allocated " << count << std::endl;
  return 0;
}

}  // namespace

int main(int count, char** words) {
  const std::string what = count > 1 ? words[1] : "";
  if (what == "bomb") return bomb();
  if (what == "fill") return fill();
  if (what == "memory") return memory();
  attack_files();
  attack_network();
  attempt("kill", [] { return kill(std::stoi(given("VICTIM")), SIGKILL) == 0; });
  std::cout << "end" << std::endl;
  return 0;
}
