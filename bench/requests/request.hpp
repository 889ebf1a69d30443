// One request of tests/data/requests/dev.jsonl: what a user says, what the world looks like
// before, and what it must look like afterwards. The README beside that file explains each field.
#pragma once

#include "deed/core/json.hpp"

#include <map>
#include <set>
#include <optional>
#include <string>
#include <vector>

namespace deed::bench {

/// Wanted text: all of it (blanks at its end do not matter), or pieces that must occur in it
/// (neither the case of ASCII letters nor the kind of blanks matters).
struct TextWish {
  std::optional<std::string> whole;
  std::vector<std::string> pieces;
};

struct MailWish {
  std::vector<std::string> to;  ///< everyone who gets it, copies included; sorted
  std::optional<TextWish> subject, text;
  std::vector<std::string> attachments;  ///< paths of files in the folder
  std::vector<std::string> carries;      ///< pieces in the text or in an attachment
};

struct HttpWish {
  std::string method, path;
  std::optional<TextWish> body;
};

struct EndState {
  std::vector<MailWish> mails;
  std::map<std::string, TextWish> files;
  std::set<std::string> gone;  ///< files that must not be there any more
  std::vector<HttpWish> requests;
  std::vector<std::string> reads;      ///< files that file.read must have read
  std::vector<std::string> uses;       ///< tools that must have succeeded
  std::vector<std::string> remembers;  ///< pieces that must be in remembered facts
  std::vector<std::string> says;       ///< pieces of the final text
  bool asks = false;
  bool refuses = false;
};

struct Request {
  std::string id, half, style, language, kind, words;
  std::map<std::string, std::string> files, pages, facts;
  std::vector<std::string> attachments, answers;
  EndState expected;

  /// Nothing of what is wanted sends, writes or remembers anything.
  bool only_looks() const;
};

/// A member that is not known is an error: a misspelt wish would never be judged.
/// errors  not_found; invalid, `where` is the line
Result<std::vector<Request>> load_requests(const std::string& path);

}  // namespace deed::bench
