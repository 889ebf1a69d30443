#include "deed/cli/eval_questions.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "deed/agent/context.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_file_bytes = 256u << 20;
constexpr std::size_t max_attached_bytes = 512u << 20;

Result<std::string> read_rows(const std::string& file) {
  std::ifstream from_file;
  if (file != "-") {
    from_file.open(file, std::ios::binary);
    if (!from_file) return fail(ErrorKind::not_found, "the file cannot be read", file);
  }
  std::istream& in = file == "-" ? std::cin : from_file;
  std::string text;
  char piece[64u << 10];
  while (in.read(piece, sizeof piece), in.gcount() > 0) {
    text.append(piece, static_cast<std::size_t>(in.gcount()));
    if (text.size() > max_file_bytes) return fail(ErrorKind::limit, "more than " + human_bytes(max_file_bytes), file);
  }
  return text;
}

// Files of the rows lie in the folder of the file, or below it.
Result<std::map<std::string, Media>> read_files(const std::vector<EvalRow>& rows, const std::string& file) {
  std::error_code ec;
  const fs::path folder = file == "-" ? fs::path(".") : fs::path(file).parent_path();
  const fs::path root = fs::canonical(folder.empty() ? "." : folder, ec);
  std::map<std::string, Media> out;
  std::size_t bytes = 0;
  for (const EvalRow& row : rows) {
    for (const std::string& path : row.attach) {
      if (out.contains(path)) continue;
      const std::string where = "line " + std::to_string(row.line) + ", /attach";
      const std::string whole = (root / path).string();
      DEED_OK(with_context(attachment_below(root.string(), whole), where));
      DEED_TRY(std::optional<Media> media, with_context(media_file(whole), where));
      if (!media) return fail(ErrorKind::invalid, path + " is no picture, sound or document that models take", where);
      bytes += media->bytes->size();
      if (bytes > max_attached_bytes) return fail(ErrorKind::limit, "files of more than " + human_bytes(max_attached_bytes), where);
      out.emplace(path, *std::move(media));
    }
  }
  return out;
}

}  // namespace

Result<ModelRequest> builtin_request(const std::vector<EvalRow>& rows, const Flags& flags) {
  const bool is_wanted = std::any_of(rows.begin(), rows.end(), [](const EvalRow& row) { return row.has_builtin_tools; });
  if (!is_wanted) return ModelRequest();
  DEED_TRY(const auto session, open_session(flags, {.needs_model = false}));
  return build_context(State(), session->agent->tools(), {}).request;
}

Result<void> check_builtin_calls(const Questions& questions) {
  for (const EvalRow& row : questions.rows) {
    if (!row.has_builtin_tools || !row.expect.calls) continue;
    for (const ExpectedCall& call : *row.expect.calls) {
      const auto& tools = questions.builtin.tools;
      const bool is_there = std::any_of(tools.begin(), tools.end(), [&](const ToolDefinition& tool) { return tool.name == call.name; });
      if (is_there) continue;
      return fail(ErrorKind::invalid, "deed has no tool " + call.name, "line " + std::to_string(row.line) + ", /expect/calls", "`deed tools list` shows them");
    }
  }
  return {};
}

Result<Questions> load_questions(const std::string& file, std::size_t limit) {
  Questions out;
  DEED_TRY(const std::string text, read_rows(file));
  DEED_TRY(out.rows, parse_eval_rows(text));
  if (limit > 0 && out.rows.size() > limit) out.rows.resize(limit);
  DEED_TRY(out.files, read_files(out.rows, file));
  return out;
}

ModelRequest request_for(const EvalRow& row, const Questions& questions, std::int64_t max_tokens, const Model& model) {
  ModelRequest request;
  if (row.has_builtin_tools) request = questions.builtin;
  if (row.system) request.system = *row.system;
  for (const ToolDefinition& tool : row.tools) request.tools.push_back(tool);
  Message message{.role = Role::user, .text = row.request};
  for (const std::string& path : row.attach) message.media.push_back(questions.files.at(path));
  request.messages.push_back(std::move(message));
  if (row.schema) request.response_schema = row.schema->json();
  const std::int64_t window = model.info().context_window;
  request.max_tokens = window > 0 ? std::min(max_tokens, window / 4) : max_tokens;
  return request;
}

}  // namespace deed
