#include "deed/agent/crashtest/world.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"

namespace deed::crashtest {
namespace {

namespace fs = std::filesystem;

Result<std::string> content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorKind::unavailable, "a file cannot be read", path.string());
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<std::string> print_of(const fs::directory_entry& entry) {
  std::error_code ec;
  if (entry.is_symlink(ec)) return "-> " + fs::read_symlink(entry.path(), ec).string();
  if (entry.is_directory(ec)) return std::string("folder");
  if (!entry.is_regular_file(ec)) return std::string("special");
  DEED_TRY(const std::string bytes, content(entry.path()));
  return sha256_hex(bytes);
}

// The header's value wherever it is folded to; "" for a mail without one.
std::string message_id_of(const std::string& text) {
  const std::string mail = "\n" + text;
  const std::string head = lower_ascii(mail.substr(0, mail.find("\n\n", 1)));
  const std::size_t at = head.find("\nmessage-id:");
  const std::size_t begin = at == std::string::npos ? at : mail.find('<', at);
  const std::size_t end = begin == std::string::npos ? begin : mail.find('>', begin);
  return end == std::string::npos ? "" : mail.substr(begin, end - begin + 1);
}

std::size_t count_entries(const fs::path& folder) {
  std::error_code ec;
  fs::directory_iterator at(folder, ec);
  return ec ? 0 : static_cast<std::size_t>(std::distance(at, {}));
}

}  // namespace

Result<World> look_at_world(const std::string& folder, const std::string& outbox) {
  World world;
  std::error_code ec;
  for (const auto& entry : fs::recursive_directory_iterator(folder, ec)) {
    DEED_TRY(world.files[fs::path(entry.path()).lexically_relative(folder).string()], print_of(entry));
  }
  if (ec) return fail(ErrorKind::unavailable, ec.message(), folder);
  for (const char* part : {"/new", "/cur"}) {
    for (fs::directory_iterator at(outbox + part, ec), end; !ec && at != end; at.increment(ec)) {
      DEED_TRY(const std::string mail, content(at->path()));
      world.message_ids.push_back(message_id_of(mail));
    }
  }
  world.drafts = count_entries(outbox + "/tmp");
  return world;
}

std::vector<Difference> repeated_mails(const World& now) {
  std::vector<Difference> out;
  std::set<std::string> seen;
  for (const std::string& id : now.message_ids) {
    if (!seen.insert(id).second) out.push_back({Wrong::twice, "the mail " + id + " is in the outbox twice"});
  }
  return out;
}

std::vector<Difference> differences(const World& wanted, const World& now) {
  std::vector<Difference> out = repeated_mails(now);
  for (const auto& [path, print] : wanted.files) {
    const auto found = now.files.find(path);
    if (found == now.files.end()) out.push_back({Wrong::lost, "the file " + path + " is missing"});
    else if (found->second != print) out.push_back({Wrong::other, "the file " + path + " is another than without a crash"});
  }
  for (const auto& [path, print] : now.files) {
    if (!wanted.files.contains(path)) out.push_back({Wrong::other, "the file " + path + " is there only after a crash"});
  }
  const std::size_t had = wanted.message_ids.size(), has = now.message_ids.size();
  if (has > had) out.push_back({Wrong::twice, std::to_string(has - had) + " mails too many in the outbox"});
  if (has < had) out.push_back({Wrong::lost, std::to_string(had - has) + " mails too few in the outbox"});
  if (now.drafts != wanted.drafts) out.push_back({Wrong::other, "drafts are left in the outbox's tmp/"});
  return out;
}

}  // namespace deed::crashtest
