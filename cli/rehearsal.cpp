#include "deed/cli/rehearsal.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "deed/agent/report.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

// A name that every file system takes and no shell reads: what is left out is told apart by the number in front.
std::string file_name(std::size_t number, const std::string& call, const std::string& media_type) {
  constexpr std::size_t longest = 60;
  char digits[16];
  std::snprintf(digits, sizeof digits, "%06zu", number);
  std::string name = std::string(digits) + "-";
  for (const char c : call.substr(0, longest)) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '@' || c == '.';
    name += is_plain ? c : '-';
  }
  if (media_type == "message/rfc822") return name + ".eml";
  if (media_type == "message/http") return name + ".http";
  return name + (media_type == "text/x-diff" ? ".diff" : ".txt");
}

std::string html(std::string_view text) {
  std::string out;
  for (const char c : to_utf8(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string link(const std::string& file) { return "<a href=\"" + html(file) + "\">" + html(file) + "</a>"; }

constexpr const char* head =
    "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    "<title>What would be done</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1f24;background:#fff}pre{background:#f4f5f7;padding:1rem;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere}"
    "h2{font-size:1rem;margin-top:2rem}@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#16181c}pre{background:#22252b}}"
    "</style><h1>What would be done</h1>";

}  // namespace

void Rehearsal::take(const std::string& call, const Preview& preview) {
  const auto known = std::find_if(effects_.begin(), effects_.end(), [&](const Effect& one) { return one.call == call; });
  if (known != effects_.end()) return;  // judged again: the same arguments and context give the same bytes
  const std::shared_ptr<const ByteSource> whole = preview.whole ? preview.whole : bytes_in_memory(preview.bytes);
  Effect effect{call, file_name(effects_.size() + 1, call, preview.media_type), preview.media_type, preview.summary, whole->size()};
  if (!preview.diff.empty()) effect.diff = file_name(effects_.size() + 1, call, "text/x-diff");
  effects_.push_back(effect);
  if (folder_.empty() || broken_) return;
  write(effect.file, *whole);
  page_ += "<h2>" + html(preview.summary) + "</h2><p>" + link(effect.file) + " (" + human_bytes(whole->size()) + ", " + html(call) + ")";
  if (!effect.diff.empty()) {
    write(effect.diff, *bytes_in_memory(preview.diff));
    page_ += ", what changes: " + link(effect.diff);
  }
  constexpr std::size_t shown_bytes = 64u << 10;
  page_ += "</p><pre>" + html(utf8_prefix(effect.diff.empty() ? preview.bytes : preview.diff, shown_bytes)) + "</pre>";
}

void Rehearsal::write(const std::string& file, const ByteSource& bytes) {
  std::error_code ec;
  std::filesystem::create_directories(folder_, ec);
  std::ofstream out(folder_ + "/" + file, std::ios::binary);
  const Result<void> read = for_each_piece(bytes, [&](std::string_view piece) {
    out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    return Result<void>();
  });
  out.close();
  if (!read) broken_ = read.error();
  else if (!out) broken_ = Error{ErrorKind::unavailable, "cannot write what was rehearsed", folder_ + "/" + file};
}

Result<void> Rehearsal::finish() {
  if (folder_.empty()) return {};
  if (broken_) return fail(*broken_);
  std::error_code ec;
  std::filesystem::create_directories(folder_, ec);
  const std::string path = folder_ + "/index.html";
  std::ofstream out(path, std::ios::binary);
  out << head << "<p>" << effects_.size() << " effects. Nothing was done.</p>" << page_ << "\n";
  out.close();
  if (!out) return fail(ErrorKind::unavailable, "cannot write the page", path);
  return {};
}

int report_rehearsal(Rehearsal& rehearsal, const RunReport& report, Session& session, const Flags& flags) {
  const Result<void> finished = rehearsal.finish();
  if (!finished) return report_error(finished.error(), flags);
  // Without an effect nothing waits: the run is over.
  if (!report.rehearsed) return report_run(report, session, flags);
  const auto path = [&](const std::string& file) {
    return rehearsal.folder().empty() || file.empty() ? Json() : Json(rehearsal.folder() + "/" + file);
  };
  Json effects = Json::array();
  for (const Rehearsal::Effect& effect : rehearsal.effects()) {
    effects.push_back({{"call", effect.call}, {"summary", effect.summary}, {"media_type", effect.media_type},
                       {"bytes", effect.bytes}, {"file", path(effect.file)}, {"diff", path(effect.diff)}});
    if (!flags.json && !flags.events) std::printf("%s\n", for_terminal(effect.summary).c_str());
  }
  if (flags.json) {
    Json document = to_json(report);
    document["effects"] = std::move(effects);
    document["exit_code"] = 0;
    print_json(document);
  }
  if (flags.quiet || flags.json) return 0;
  std::fprintf(stderr, "run %s %s; nothing was done\n", report.run.c_str(), for_terminal(report.reason).c_str());
  if (!rehearsal.folder().empty()) std::fprintf(stderr, "      see %s/index.html\n", for_terminal(rehearsal.folder()).c_str());
  std::fprintf(stderr, "      %s\n", for_terminal(report.hint).c_str());
  return 0;
}

}  // namespace deed
