// Chat templates of the families that deed names, as llama.cpp's source has them; scripts/llama.sh installs them beside its libraries.
#pragma once

#include "deed/core/json.hpp"
#include "deed/llm/local/llama_chat.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace deed {

inline std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

struct Family {
  std::string name, jinja, bos, eos;
};

inline std::vector<Family> families() {
  const std::string folder = std::string(DEED_SOURCE_DIR) + "/tests/data/chat-templates/";
  std::vector<Family> found;
  const Json list = parse_json(file_text(folder + "families.json")).value();
  for (const Json& entry : list) {
    std::string text = file_text(std::string(DEED_LLAMA_TEMPLATES) + "/" + entry["template"].get<std::string>());
    while (text.ends_with('\n')) text.pop_back();
    found.push_back({entry["name"], std::move(text), entry["bos"], entry["eos"]});
  }
  return found;
}

inline Family family(const std::string& name) {
  for (Family& one : families())
    if (one.name == name) return one;
  ADD_FAILURE() << name;
  return {};
}

inline std::unique_ptr<ChatTemplate> opened(const Family& one, std::vector<std::string> control_texts = {}) {
  auto read = ChatTemplate::read({one.jinja, one.bos, one.eos, std::move(control_texts)});
  EXPECT_TRUE(read) << one.name << ": " << (read ? "" : read.error().what);
  return read ? *std::move(read) : nullptr;
}

}  // namespace deed
