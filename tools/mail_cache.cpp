#include "deed/tools/mail_cache.hpp"

#include <algorithm>
#include <utility>

namespace deed {
namespace {

// The mails that are under way at a time, where they are small; large ones are not worth the
// memory.
constexpr std::size_t max_kept_bytes = 2u << 20;
constexpr std::size_t max_kept_mails = 128;

}  // namespace

Result<std::shared_ptr<const MailBytes>> MailCache::build(const MailContent& content,
                                                          const std::string& effect_key,
                                                          TimePoint date) {
  // From the newest on: most are asked for right after they were made.
  const auto found = std::find_if(kept_.rbegin(), kept_.rend(), [&](const Built& built) {
    return built.effect_key == effect_key && built.date == date && built.content == content;
  });
  if (found != kept_.rend()) return found->bytes;
  DEED_TRY(const auto bytes, build_mail(content, effect_key, date));
  keep({effect_key, date, content, bytes});
  return bytes;
}

// The message's text stands for the size of the whole: what it was made of is smaller.
void MailCache::keep(Built built) {
  if (built.bytes->memory_bytes() > max_kept_bytes) return;
  kept_bytes_ += built.bytes->memory_bytes();
  kept_.push_back(std::move(built));
  while (kept_bytes_ > max_kept_bytes || kept_.size() > max_kept_mails) {
    kept_bytes_ -= kept_.front().bytes->memory_bytes();
    kept_.pop_front();
  }
}

}  // namespace deed
