#include "request.hpp"

#include <algorithm>
#include <fstream>
#include <set>

namespace deed::bench {
namespace {

using Texts = std::vector<std::string>;
using TextsByName = std::map<std::string, std::string>;

void check_members(const Json& object, const std::set<std::string>& known) {
  for (const auto& [name, value] : object.items()) {
    if (!known.contains(name)) throw std::invalid_argument("no such field: " + name);
  }
}

template <class T>
T member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? T{} : found->get<T>();
}

TextWish text_wish(const Json& value) {
  if (value.is_string()) return {.whole = value.get<std::string>(), .pieces = {}};
  check_members(value, {"contains"});
  const Json& pieces = value.at("contains");
  if (pieces.is_string()) return {.whole = {}, .pieces = {pieces.get<std::string>()}};
  return {.whole = {}, .pieces = pieces.get<Texts>()};
}

std::optional<TextWish> text_wish(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return std::nullopt;
  return text_wish(*found);
}

MailWish mail_wish(const Json& value) {
  check_members(value, {"to", "subject", "text", "attachments", "carries"});
  MailWish mail{.to = value.at("to").get<Texts>(),
                .subject = text_wish(value, "subject"),
                .text = text_wish(value, "text"),
                .attachments = member<Texts>(value, "attachments"),
                .carries = member<Texts>(value, "carries")};
  std::sort(mail.to.begin(), mail.to.end());
  return mail;
}

HttpWish http_wish(const Json& value) {
  check_members(value, {"method", "path", "body"});
  return {.method = value.at("method").get<std::string>(),
          .path = value.at("path").get<std::string>(),
          .body = text_wish(value, "body")};
}

EndState end_state(const Json& value) {
  check_members(value, {"mails", "files", "requests", "reads", "uses", "remembers", "says", "asks",
                        "refuses"});
  EndState out;
  for (const Json& mail : member<Json>(value, "mails")) out.mails.push_back(mail_wish(mail));
  for (const Json& seen : member<Json>(value, "requests")) out.requests.push_back(http_wish(seen));
  const Json files = member<Json>(value, "files");
  for (const auto& [path, wish] : files.items()) {
    if (wish.is_null()) out.gone.insert(path);
    else out.files[path] = text_wish(wish);
  }
  out.reads = member<Texts>(value, "reads");
  out.uses = member<Texts>(value, "uses");
  out.remembers = member<Texts>(value, "remembers");
  out.says = member<Texts>(value, "says");
  out.asks = member<bool>(value, "asks");
  out.refuses = member<bool>(value, "refuses");
  return out;
}

Request read_request(const Json& value) {
  check_members(value, {"id", "half", "style", "language", "kind", "request", "files", "pages",
                        "facts", "attach", "answers", "expect"});
  const auto text = [&](const char* name) { return value.at(name).get<std::string>(); };
  return {.id = text("id"),
          .half = text("half"),
          .style = text("style"),
          .language = text("language"),
          .kind = text("kind"),
          .words = text("request"),
          .files = member<TextsByName>(value, "files"),
          .pages = member<TextsByName>(value, "pages"),
          .facts = member<TextsByName>(value, "facts"),
          .attachments = member<Texts>(value, "attach"),
          .answers = member<Texts>(value, "answers"),
          .expected = end_state(value.at("expect"))};
}

}  // namespace

bool Request::only_looks() const {
  return expected.mails.empty() && expected.files.empty() && expected.remembers.empty() &&
         std::none_of(expected.requests.begin(), expected.requests.end(),
                      [](const HttpWish& wish) { return wish.method != "GET"; });
}

Result<std::vector<Request>> load_requests(const std::string& path) {
  std::ifstream in(path);
  if (!in) return fail(ErrorKind::not_found, "the requests cannot be read", path);
  std::vector<Request> out;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    const std::string where = path + ":" + std::to_string(++number);
    DEED_TRY(const Json value, with_context(parse_json(line), where));
    try {
      out.push_back(read_request(value));
    } catch (const std::exception& wrong) {  // of nlohmann/json, and of check_members
      return fail(ErrorKind::invalid, wrong.what(), where);
    }
  }
  return out;
}

}  // namespace deed::bench
