// The cache of prefixes and branches, and the judging of candidates.
#include "deed/llm/local/llama_batch.hpp"
#include "deed/llm/local/llama_engine.hpp"

#include <llama.h>

#include <algorithm>
#include <cmath>

namespace deed {
namespace {

constexpr std::size_t max_items = LlamaBatch::max_items;
constexpr std::size_t max_scratch_cells = 1024;  // and one candidate more

std::size_t common_length(const Tokens& a, const Tokens& b) {
  const std::size_t shorter = std::min(a.size(), b.size());
  return static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(shorter), b.begin()).first -
      a.begin());
}

}  // namespace

double LlamaEngine::log_sum(const float* logits) const {
  const float top = *std::max_element(logits, logits + vocabulary_size_);
  float sum = 0;
  for (int i = 0; i < vocabulary_size_; ++i) sum += std::exp(logits[i] - top);
  return top + std::log(static_cast<double>(sum));
}

double LlamaEngine::end_of_line(const float* logits, double normaliser) const {
  double sum = 0;
  for (const std::int32_t token : line_ends_) sum += std::exp(logits[token] - normaliser);
  return std::log(sum + 1e-30);
}

Error LlamaEngine::stopped(int code) const {
  if (stop_.is_cancelled) return {ErrorKind::cancelled, "stopped"};
  if (stop_.is_raised())
    return {ErrorKind::timeout,
            "the embedded model did not answer in time",
            {},
            "allow more time, or use fewer tools"};
  if (code == 1) return {ErrorKind::limit, "the prompt does not fit into the model's context"};
  return {ErrorKind::internal, "llama.cpp could not decode (" + std::to_string(code) + ")"};
}

void LlamaEngine::forget_all() {
  llama_memory_clear(llama_get_memory(context_.get()), true);
  for (Prefix& prefix : prefixes_) prefix = {};
  branches_.clear();
  prepared_.clear();
}

Result<void> LlamaEngine::decode(const std::vector<Item>& items) {
  llama_batch& batch = batch_->batch;
  batch.n_tokens = static_cast<std::int32_t>(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    batch.token[i] = items[i].token;
    batch.pos[i] = items[i].position;
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = items[i].sequence;
    batch.logits[i] = items[i].wants_logits;
  }
  const int code = llama_decode(context_.get(), batch);
  if (code != 0) {
    // What was computed until then is in the cache, nobody knows how much.
    forget_all();
    return fail(stopped(code));
  }
  usage_.input += static_cast<std::int64_t>(items.size());
  return {};
}

void LlamaEngine::drop_branches(std::optional<std::size_t> slot) {
  llama_memory_t memory = llama_get_memory(context_.get());
  std::erase_if(branches_, [&](const Branch& branch) {
    if (slot && branch.prefix != *slot) return false;
    llama_memory_seq_rm(memory, branch.sequence, -1, -1);
    return true;
  });
}

void LlamaEngine::drop_prefix(std::size_t slot) {
  drop_branches(slot);
  llama_memory_seq_rm(llama_get_memory(context_.get()), static_cast<llama_seq_id>(slot), -1, -1);
  prefixes_[slot] = {};
}

// Cells for `tokens` more tokens: kept branches go first, then the other prefixes.
Result<void> LlamaEngine::make_room(std::size_t slot, std::size_t tokens) {
  const auto used = [&] {
    std::size_t sum = 0;
    for (const Prefix& prefix : prefixes_) sum += prefix.tokens.size();
    for (const Branch& branch : branches_) sum += branch.given.size();
    return sum;
  };
  const auto capacity = static_cast<std::size_t>(context_size_);
  if (used() + tokens <= capacity) return {};
  drop_branches(std::nullopt);
  for (std::size_t other = 0; other < prefixes_.size() && used() + tokens > capacity; ++other)
    if (other != slot) drop_prefix(other);
  if (used() + tokens > capacity) return fail(stopped(1));
  return {};
}

std::size_t LlamaEngine::pick_slot(const Tokens& prefix, std::size_t& common) {
  // Less than this in common is only how every prompt begins.
  constexpr std::size_t worth_reusing = 16;
  std::size_t best = 0, oldest = 0;
  common = 0;
  for (std::size_t i = 0; i < prefixes_.size(); ++i) {
    const std::size_t length = common_length(prefix, prefixes_[i].tokens);
    if (length > common) best = i, common = length;
    if (prefixes_[i].last_use < prefixes_[oldest].last_use) oldest = i;
  }
  if (common >= worth_reusing || common == prefix.size()) return best;
  common = 0;
  return oldest;
}

Result<std::size_t> LlamaEngine::hold_prefix(const Tokens& prefix) {
  if (prefix.empty()) return fail(ErrorKind::invalid, "an empty prompt");
  if (prefix.size() >= static_cast<std::size_t>(context_size_)) return fail(stopped(1));
  std::size_t common = 0;
  const std::size_t slot = pick_slot(prefix, common);
  Prefix& held = prefixes_[slot];
  held.last_use = ++uses_;
  if (common == prefix.size() && common == held.tokens.size()) {
    usage_.input += static_cast<std::int64_t>(common),
        usage_.cached += static_cast<std::int64_t>(common);
    return slot;
  }
  // The last token is read again: its logits are needed.
  common = std::min(common, prefix.size() - 1);
  drop_branches(slot);
  llama_memory_t memory = llama_get_memory(context_.get());
  if (common < held.tokens.size() && !llama_memory_seq_rm(memory, static_cast<llama_seq_id>(slot),
                                                          static_cast<llama_pos>(common), -1)) {
    // Recurrent models cannot go back.
    llama_memory_seq_rm(memory, static_cast<llama_seq_id>(slot), -1, -1);
    common = 0;
  }
  held.tokens.resize(common);
  usage_.input += static_cast<std::int64_t>(common),
      usage_.cached += static_cast<std::int64_t>(common);
  DEED_OK(make_room(slot, prefix.size() - common));
  DEED_OK(extend(slot, prefix.data() + common, prefix.size() - common));
  return slot;
}

Result<void> LlamaEngine::extend(std::size_t slot, const std::int32_t* tokens, std::size_t count) {
  Prefix& held = prefixes_[slot];
  DEED_OK(make_room(slot, count));
  for (std::size_t done = 0; done < count;) {
    std::vector<Item> items;
    for (; done < count && items.size() < max_items; ++done) {
      items.push_back({.token = tokens[done],
                       .position = static_cast<std::int32_t>(held.tokens.size() + items.size()),
                       .sequence = static_cast<std::int32_t>(slot),
                       .wants_logits = done + 1 == count});
    }
    DEED_OK(decode(items));
    for (const Item& item : items) held.tokens.push_back(item.token);
  }
  const float* logits = llama_get_logits_ith(context_.get(), -1);
  held.logits.assign(logits, logits + vocabulary_size_);
  return {};
}

// nullptr: not kept, because there is no room for more.
Result<const LlamaEngine::Branch*> LlamaEngine::hold_branch(std::size_t slot, const Tokens& given) {
  for (const Branch& branch : branches_)
    if (branch.prefix == slot && branch.given == given) {
      usage_.input += static_cast<std::int64_t>(given.size()),
          usage_.cached += static_cast<std::int64_t>(given.size());
      return &branch;
    }
  if (branches_.size() >= max_branches || given.size() < 2) return nullptr;
  std::vector<bool> is_taken(max_branches);
  for (const Branch& branch : branches_)
    is_taken[static_cast<std::size_t>(branch.sequence - prefix_slots)] = true;
  const auto free = std::find(is_taken.begin(), is_taken.end(), false) - is_taken.begin();
  const int sequence = prefix_slots + static_cast<int>(free);
  llama_memory_seq_cp(llama_get_memory(context_.get()), static_cast<llama_seq_id>(slot), sequence,
                      -1, -1);
  const std::size_t begin = prefixes_[slot].tokens.size();
  for (std::size_t done = 0; done + 1 < given.size();) {
    std::vector<Item> items;
    for (; done + 1 < given.size() && items.size() < max_items; ++done)
      items.push_back({.token = given[done],
                       .position = static_cast<std::int32_t>(begin + done),
                       .sequence = sequence});
    DEED_OK(decode(items));
  }
  branches_.push_back({sequence, slot, given});
  return &branches_.back();
}

void LlamaEngine::read_logits(const std::vector<Item>& items, const ScoreQuestion& question,
                              std::vector<TextScore>& scores) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    if (!item.wants_logits) continue;
    const float* logits = llama_get_logits_ith(context_.get(), static_cast<std::int32_t>(i));
    const double normaliser = log_sum(logits);
    const Tokens& text = question.candidates[item.candidate].text;
    const auto next = static_cast<std::size_t>(item.index + 1);
    TextScore& score = scores[item.candidate];
    if (question.judges_end && item.index >= 0)
      score.ends[static_cast<std::size_t>(item.index)] = end_of_line(logits, normaliser);
    if (next < text.size()) score.tokens[next] = logits[text[next]] - normaliser;
  }
}

Result<void> LlamaEngine::judge(std::size_t slot, const ScoreQuestion& question, bool keeps,
                                std::vector<TextScore>& scores) {
  llama_memory_t memory = llama_get_memory(context_.get());
  constexpr int first_scratch = prefix_slots + max_branches;
  const std::size_t begin = prefixes_[slot].tokens.size();
  std::vector<Item> items;
  int scratch = 0;
  std::size_t cells = 0;
  const auto flush = [&]() -> Result<void> {
    if (items.empty()) return {};
    DEED_OK(decode(items));
    read_logits(items, question, scores);
    items.clear();
    return {};
  };
  const auto drop_scratch = [&]() -> Result<void> {
    DEED_OK(flush());
    for (; scratch > 0; --scratch) llama_memory_seq_rm(memory, first_scratch + scratch - 1, -1, -1);
    cells = 0;
    return {};
  };
  for (std::size_t c = 0; c < question.candidates.size(); ++c) {
    const Candidate& candidate = question.candidates[c];
    // The last token is decoded only for what follows it.
    const std::size_t last = candidate.text.size() - (question.judges_end ? 0 : 1);
    if (candidate.given.empty() && last == 0) continue;
    const Branch* branch = nullptr;
    if (keeps && !candidate.given.empty()) {
      DEED_TRY(branch, hold_branch(slot, candidate.given));
    }
    const std::size_t given_from = branch != nullptr ? candidate.given.size() - 1 : 0;
    const std::size_t needed = candidate.given.size() - given_from + last;
    if (scratch == max_scratch || cells + needed > max_scratch_cells) DEED_OK(drop_scratch());
    const int sequence = first_scratch + scratch++;
    llama_memory_seq_cp(memory, branch != nullptr ? branch->sequence : static_cast<int>(slot),
                        sequence, -1, -1);
    cells += needed;
    const auto add = [&](std::int32_t token, std::size_t offset,
                         std::ptrdiff_t index) -> Result<void> {
      if (items.size() == max_items) DEED_OK(flush());
      items.push_back(
          {token, static_cast<std::int32_t>(begin + offset), sequence, index >= -1, c, index});
      return {};
    };
    const auto given = static_cast<std::ptrdiff_t>(candidate.given.size());
    for (std::size_t k = given_from; k < candidate.given.size(); ++k)
      DEED_OK(add(candidate.given[k], k, static_cast<std::ptrdiff_t>(k) - given));
    for (std::size_t k = 0; k < last; ++k)
      DEED_OK(add(candidate.text[k], candidate.given.size() + k, static_cast<std::ptrdiff_t>(k)));
  }
  return drop_scratch();
}

Result<std::vector<TextScore>> LlamaEngine::score(const ScoreQuestion& question) {
  DEED_TRY(const std::size_t slot, hold_prefix(question.prefix));
  std::vector<TextScore> scores(question.candidates.size());
  const double normaliser = log_sum(prefixes_[slot].logits.data());
  std::size_t longest = 0, total = 0, kept = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const Candidate& candidate = question.candidates[i];
    if (candidate.text.empty()) return fail(ErrorKind::invalid, "an empty candidate");
    scores[i].tokens.assign(candidate.text.size(), 0.0);
    if (question.judges_end) scores[i].ends.assign(candidate.text.size(), 0.0);
    if (candidate.given.empty())
      scores[i].tokens[0] =
          prefixes_[slot].logits[static_cast<std::size_t>(candidate.text[0])] - normaliser;
    longest = std::max(longest, candidate.given.size() + candidate.text.size());
    total += candidate.given.size() + candidate.text.size();
    kept += candidate.given.size();
  }
  const auto capacity = static_cast<std::size_t>(context_size_);
  if (question.prefix.size() + longest >= capacity) return fail(stopped(1));
  const std::size_t scratch = std::min(total, max_scratch_cells + longest);
  const bool keeps = question.keeps_given && question.prefix.size() + kept + scratch <= capacity;
  DEED_OK(make_room(slot, scratch + (keeps ? kept : 0)));
  DEED_OK(judge(slot, question, keeps, scores));
  return scores;
}

}  // namespace deed
