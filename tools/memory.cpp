// memory.search and memory.remember: what earlier runs did, and what is to be kept for later ones.
#include "deed/core/text.hpp"
#include "deed/tools/builtin.hpp"

#include <algorithm>
#include <set>

namespace deed {
namespace {

constexpr std::size_t max_facts = 10;
constexpr std::size_t max_hits = 10;
constexpr std::size_t max_words = 8;
constexpr std::size_t min_word_bytes = 4;
constexpr std::size_t max_fact_bytes = 64u << 10;

// The longer words of a question; "what is Ann's address?" has no fact with all of its words.
std::vector<std::string> telling_words(const std::string& query) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : query + " ") {
    const auto u = static_cast<unsigned char>(c);
    const bool continues =
        u >= 0x80 || std::isalnum(u) || c == '_' || c == '-' || c == '.' || c == '@';
    if (continues) {
      word += c;
      continue;
    }
    if (word.size() >= min_word_bytes && words.size() < max_words) words.push_back(word);
    word.clear();
  }
  return words;
}

// Facts that have all words of the query; if there are none, those with the most of its longer
// words.
Async<std::vector<Fact>> facts_about(Journal& journal, std::string query) {
  auto exact = co_await journal.recall(query, max_facts);
  if (!exact || !exact->empty()) co_return exact;
  std::vector<std::pair<int, Fact>> ranked;
  for (const std::string& word : telling_words(query)) {
    auto found = co_await journal.recall(word, max_facts);
    DEED_CO_TRY(const std::vector<Fact> facts, std::move(found));
    for (const Fact& fact : facts) {
      const auto same = std::find_if(ranked.begin(), ranked.end(), [&](const auto& entry) {
        return entry.second.key == fact.key;
      });
      if (same == ranked.end())
        ranked.emplace_back(1, fact);
      else
        ++same->first;
    }
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<Fact> out;
  for (auto& [matches, fact] : ranked) {
    if (out.size() < max_facts) out.push_back(std::move(fact));
  }
  co_return out;
}

// What this run did is in front of the model already.
std::vector<SearchHit> of_other_runs(std::vector<SearchHit> hits, const RunId& run) {
  std::erase_if(hits, [&](const SearchHit& hit) { return hit.run == run; });
  if (hits.size() > max_hits) hits.resize(max_hits);
  return hits;
}

Outcome remembered(const std::vector<Fact>& facts, const std::vector<SearchHit>& hits) {
  Json result = {{"facts", Json::array()}, {"runs", Json::array()}};
  std::string text;
  for (const Fact& fact : facts) {
    Json item = {{"key", to_utf8(fact.key)},
                 {"value", to_utf8(fact.value)},
                 {"time", to_iso8601(fact.time)}};
    result["facts"].push_back(std::move(item));
    text += to_utf8(fact.key + ": " + fact.value) + "\n";
  }
  if (!hits.empty()) text += "From earlier runs:\n";
  for (const SearchHit& hit : hits) {
    Json item = {
        {"run", hit.run}, {"snippet", to_utf8(hit.snippet)}, {"time", to_iso8601(hit.time)}};
    result["runs"].push_back(std::move(item));
    text += "- " + to_utf8(hit.snippet) + "\n";
  }
  if (text.empty()) text = "[nothing is remembered about this]\n";
  text.pop_back();
  return Outcome::succeeded(std::move(result), std::move(text));
}

asio::awaitable<Outcome> search(Journal& journal, std::string query, ToolContext& ctx) {
  auto facts = co_await facts_about(journal, query);
  if (!facts) co_return Outcome::failed_without_effect(facts.error());
  // The request itself is among the hits: more are asked for than are shown.
  auto hits = co_await journal.search(query, 3 * max_hits);
  if (!hits) co_return Outcome::failed_without_effect(hits.error());
  const auto others = of_other_runs(*std::move(hits), ctx.run());
  co_return remembered(*facts, others);
}

Fact fact_of(const Json& arguments, const ToolContext& ctx) {
  // Without a key every call is a fact of its own, and a second attempt at the call is the same
  // one.
  return {.key = string_at(arguments, "key", "note-" + ctx.effect_key().substr(0, 12)),
          .value = string_at(arguments, "value"),
          .trust = Trust::untrusted,  // a model's words, whatever they rest on
          .run = ctx.run(),
          .time = ctx.clock().now()};
}

Result<Fact> checked_fact(const Json& arguments, const ToolContext& ctx) {
  Fact fact = fact_of(arguments, ctx);
  if (fact.value.size() > max_fact_bytes) {
    return fail(ErrorKind::limit, "a fact of " + human_bytes(fact.value.size()) + " is too large",
                "/value", "remember at most 64 KB, and write the rest into a file");
  }
  if (fact.key.empty() || fact.key.size() > 200 || has_control_characters(fact.key)) {
    return fail(ErrorKind::invalid, "the key has to be 1 to 200 bytes without control characters",
                "/key", "give a short name such as address.ann");
  }
  return fact;
}

// The loop enters the fact together with this outcome.
asio::awaitable<Outcome> remember(Result<Fact> fact) {
  if (!fact) co_return Outcome::failed_without_effect(fact.error());
  Json result = {{"key", fact->key}};
  Outcome out = Outcome::succeeded(std::move(result), "Remembered as " + fact->key + ".");
  out.facts.push_back(*std::move(fact));
  co_return out;
}

Result<Preview> preview_fact(const Json& arguments, const ToolContext& ctx) {
  DEED_TRY(const Fact fact, checked_fact(arguments, ctx));
  return Preview{.media_type = "text/plain",
                 .bytes = fact.key + ": " + fact.value + "\n",
                 .summary = "remember " + escaped(fact.key + ": " + fact.value)};
}

}  // namespace

Tool memory_search(Journal& journal) {
  Json query = {{"type", "string"},
                {"minLength", 1},
                {"maxLength", 500},
                {"description", "Words to look for."}};
  Json properties = {{"query", std::move(query)}};
  return {.spec = {.name = "memory.search",
                   .description = "Search the memory: remembered facts and notes, and what earlier runs did.",
                   .examples = {"What did I tell you about my car?",
                                "Do you remember the code of the door?",
                                "What do you know about Tom's diet?",
                                "Look up in your memory what we noted on the trip.",
                                "Have I mentioned my size before?",
                                "Recall what you have noted, stored, learned or been told before or ever; what was it again, in earlier runs?",
                                "What did I say, where did I tell or give you it, a while, long or ages ago, once, last time, in spring; I asked you to keep it.",
                             "Remind me, tell me again, refresh my memory, look back, dig up, come back to me; do you still know, have on record; what is my, who is my, when is my, how do I like, which did I pick?"},
                   .arguments = {{"type", "object"},
                                 {"properties", std::move(properties)},
                                 {"required", {"query"}},
                                 {"additionalProperties", false}},
                   .effect = EffectClass::read,
                   .roles = {{"query", ArgumentRole::text}},
                   .approval = ApprovalNeed::never,
                   .result_trust = Trust::untrusted},
          .run = [&journal](Json arguments, ToolContext& ctx) {
            return search(journal, string_at(arguments, "query"), ctx);
          }};
}

Tool memory_remember() {
  Json properties = {{"value",
                      {{"type", "string"},
                       {"minLength", 1},
                       {"maxLength", 65'536},
                       {"description", "The fact to remember."}}},
                     {"key",
                      {{"type", "string"},
                       {"minLength", 1},
                       {"maxLength", 200},
                       {"description",
                        "Short name of the fact. A new value for the same name replaces the old "
                        "one. May be left out."}}}};
  return {
      .spec = {.name = "memory.remember",
               .description = "Remember a fact for later runs.",
               .examples = {"Remember that my cat is called Milo.",
                            "Keep in mind that I take no sugar.",
                            "Don't forget: the rent is due on the first of each month.",
                            "Note for later: the number of the taxi is 555 0101.",
                            "From now on you should know that my office is in Bern.",
                            "Memorize, retain, keep hold of or make a mental note of a fact, for later or the future; never forget it.",
                            "Keep or bear in mind, in your head, commit to memory, take note, file away, as of today, going forward, in future, always, so you know.",
                             "Keep it at the back of your mind or head, log it mentally, make a note to self, jot down for me, store away, hang on to, bear with it, be aware, it matters later, for next time, for when I ask."},
               .arguments = {{"type", "object"},
                             {"properties", std::move(properties)},
                             {"required", {"value"}},
                             {"additionalProperties", false}},
               .effect = EffectClass::local,
               .roles = {{"value", ArgumentRole::text}, {"key", ArgumentRole::id}},
               .approval = ApprovalNeed::never,
               .result_trust = Trust::tool},
      .run = [](Json arguments,
                ToolContext& ctx) { return remember(checked_fact(arguments, ctx)); },
      .preview = preview_fact};
}

}  // namespace deed
