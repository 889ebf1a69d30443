// Who must never be mailed: addresses, and domains with all that is below them.
#pragma once

#include "deed/core/checked.hpp"
#include "deed/core/result.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

class Suppression {
 public:
  /// "Ann@Bücher.example" -> "ann@xn--bcher-kva.example"; "Example.ORG" and "@example.org" -> "@example.org".
  /// errors  invalid: neither an address nor a domain
  static Result<std::string> canonical(std::string_view entry);

  /// errors  invalid
  Result<void> add(std::string_view entry);
  bool empty() const { return entries_.empty(); }
  const std::set<std::string>& entries() const { return entries_; }
  /// The entry that forbids it: upper and lower case, and the spelling of the domain, make no difference.
  std::optional<std::string> match(const EmailAddress& address) const;

 private:
  std::set<std::string> entries_;
};

/// The domain of an address as domains are compared: lower case, ASCII.
std::string compared_domain(const EmailAddress& address);

/// One line of the file: an entry, blank, why; "#" begins a comment.
struct SuppressedEntry {
  std::string entry;  ///< canonical
  std::string why = {};
};

/// Where `deed mail suppress` keeps its list, in deed's own folder.
std::string suppressed_path(const std::string& home);

/// errors  corrupt: a line that is no entry: nothing may be sent before that is mended. Those of read_private_file
Result<std::vector<SuppressedEntry>> load_suppressed(const std::string& path);

/// Whom never to mail, as it is now; shared with whoever still looks at an older one.
/// errors  those of load_suppressed
using SuppressionNow = std::function<Result<std::shared_ptr<const Suppression>>()>;

/// Those of `own` and of the file, which is read again only where it has changed.
SuppressionNow suppression_now(Suppression own, std::string path);

/// What changes the list. One process at a time.
/// add      those whom it does not name yet
/// remove   canonical entries
/// returns  how many lines came or went
/// durability  on the disk when it returns
/// errors   those of load_suppressed; unavailable
Result<std::size_t> change_suppressed(const std::string& path, const std::vector<SuppressedEntry>& add, const std::vector<std::string>& remove);

}  // namespace deed
