// Loading, tokens and free text; llama_score.cpp has the cache and the judging.
#include "deed/llm/local/llama_engine.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/local/llama_batch.hpp"
#include "deed/llm/local/llama_recast.hpp"

#include <llama.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>
#include <thread>

namespace deed {
namespace {

// llama.cpp says why a file cannot be loaded only in its log, and there in the first complaint.
std::string& first_complaint() {
  thread_local std::string text;
  return text;
}

void start_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    llama_log_set(
        [](ggml_log_level level, const char* text, void*) {
          if (level == GGML_LOG_LEVEL_ERROR && first_complaint().empty())
            first_complaint() = std::string(trim(text));
        },
        nullptr);
    llama_backend_init();
  });
}

// `stop` may be null: cannot be stopped.
Result<LlamaModelPtr> load_file(const std::string& path, bool vocabulary_only,
                                const StopSignal* stop) {
  start_library();
  first_complaint().clear();
  llama_model_params params = llama_model_default_params();
  params.vocab_only = vocabulary_only;
  params.load_mode = LLAMA_LOAD_MODE_MMAP;
  if (stop != nullptr) {
    params.progress_callback = [](float, void* signal) {
      return !static_cast<const StopSignal*>(signal)->is_raised();
    };
    params.progress_callback_user_data = const_cast<StopSignal*>(stop);
  }
  LlamaModelPtr model(llama_model_load_from_file(path.c_str(), params));
  if (!model && stop != nullptr && stop->is_raised())
    return fail(stop->is_cancelled ? ErrorKind::cancelled : ErrorKind::timeout,
                "stopped while loading the model", path);
  if (!model)
    return fail(ErrorKind::corrupt,
                "the model cannot be loaded" +
                    (first_complaint().empty() ? std::string() : ": " + first_complaint()),
                path, "it may be of a kind that this build of llama.cpp does not know, or damaged");
  return model;
}

std::string piece_of(const llama_vocab* vocabulary, std::int32_t token) {
  char text[256];
  const int size = llama_token_to_piece(vocabulary, token, text, sizeof text, 0, false);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

void LlamaDeleter::operator()(llama_model* model) const { llama_model_free(model); }
void LlamaDeleter::operator()(llama_context* context) const { llama_free(context); }

Result<LlamaModelPtr> load_vocabulary(const std::string& path) {
  return load_file(path, true, nullptr);
}

const llama_vocab& vocabulary_of(const llama_model& model) {
  return *llama_model_get_vocab(&model);
}

Tokens tokenize(const llama_vocab& vocabulary, std::string_view text, bool reads_control) {
  // In pieces: some models' splitting patterns recurse over the whole text.
  constexpr std::size_t longest_piece = 4096;
  Tokens tokens;
  while (!text.empty()) {
    std::string_view piece = utf8_prefix(text, longest_piece);
    if (piece.empty()) piece = text.substr(0, longest_piece);
    if (piece.size() < text.size())
      if (const std::size_t blank = piece.find_last_of(" \n"); blank != piece.npos && blank > 0)
        piece = piece.substr(0, blank);
    const std::size_t before = tokens.size();
    tokens.resize(before + piece.size() + 8);
    const int count = llama_tokenize(
        &vocabulary, piece.data(), static_cast<int>(piece.size()), tokens.data() + before,
        static_cast<int>(tokens.size() - before), false, reads_control);
    tokens.resize(before + static_cast<std::size_t>(std::max(count, 0)));
    text.remove_prefix(piece.size());
  }
  return tokens;
}

LlamaEngine::LlamaEngine(LlamaModelPtr model, const StopSignal& stop, const Options& options)
    : model_(std::move(model)),
      stop_(stop),
      vocabulary_(llama_model_get_vocab(model_.get())),
      path_(options.path),
      cache_dir_(options.cache_dir) {
  vocabulary_size_ = llama_vocab_n_tokens(vocabulary_);
}

LlamaEngine::~LlamaEngine() = default;

Result<std::unique_ptr<LlamaEngine>> LlamaEngine::load(const Options& options,
                                                       const StopSignal& stop) {
  start_library();
  Options quick = options;
  quick.path = quick_copy(options.path, options.cache_dir);
  DEED_TRY(LlamaModelPtr model, load_file(quick.path, false, &stop));
  if (llama_model_has_encoder(model.get()) || !llama_model_has_decoder(model.get()))
    return fail(ErrorKind::unsupported, "the model does not continue text", options.path,
                "use a decoder-only language model");
  std::unique_ptr<LlamaEngine> engine(new LlamaEngine(std::move(model), stop, quick));
  DEED_OK(engine->open_context(quick));
  engine->find_line_ends();
  return engine;
}

Result<void> LlamaEngine::open_context(const Options& options) {
  const int trained = llama_model_n_ctx_train(model_.get());
  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<std::uint32_t>(trained > 0 ? std::min(trained, options.max_context)
                                                        : options.max_context);
  params.n_batch = params.n_ubatch = LlamaBatch::max_items;
  params.n_seq_max = max_sequences;
  params.kv_unified = true;
  // Its threads wait for each other at every layer: one core is left for whatever else runs, or all
  // of them wait for it.
  const int cores = static_cast<int>(std::max(2u, std::thread::hardware_concurrency()));
  params.n_threads = params.n_threads_batch = options.threads > 0 ? options.threads : cores - 1;
  params.abort_callback = [](void* stop) {
    return static_cast<const StopSignal*>(stop)->is_raised();
  };
  params.abort_callback_data = const_cast<StopSignal*>(&stop_);
  context_.reset(llama_init_from_model(model_.get(), params));
  if (!context_)
    return fail(ErrorKind::limit,
                "no context of " + std::to_string(params.n_ctx) + " tokens: " + first_complaint(),
                options.path, "the machine may have too little memory for this model");
  context_size_ = static_cast<int>(params.n_ctx);
  batch_ = std::make_unique<Batch>();
  return {};
}

// Any token that begins with a line break ends a line.
void LlamaEngine::find_line_ends() {
  for (std::int32_t token = 0; token < vocabulary_size_; ++token)
    if (llama_vocab_is_eog(vocabulary_, token) || piece_of(vocabulary_, token).starts_with('\n'))
      line_ends_.push_back(token);
}

Tokens LlamaEngine::tokenize(std::string_view text) { return deed::tokenize(*vocabulary_, text); }

Tokens LlamaEngine::document_start() {
  const Tokens separator = deed::tokenize(*vocabulary_, "<|endoftext|>", true);
  if (separator.size() == 1) return separator;
  const std::int32_t begin = llama_vocab_bos(vocabulary_);
  return begin == LLAMA_TOKEN_NULL ? Tokens() : Tokens{begin};
}

Result<Tokens> LlamaEngine::chat_prompt(const std::vector<ChatTurn>& turns) {
  // The template is filled with marks; what the turns say takes their place as tokens that cannot
  // be control tokens.
  std::vector<std::string> marks;
  std::vector<llama_chat_message> messages;
  for (std::size_t i = 0; i < turns.size(); ++i)
    marks.push_back("\x02turn-" + std::to_string(i) + "\x03");
  for (std::size_t i = 0; i < turns.size(); ++i)
    messages.push_back({turns[i].role.c_str(), marks[i].c_str()});
  const char* own = llama_model_chat_template(model_.get(), nullptr);
  std::string text(turns.size() * 256 + 4096, '\0');
  int size = -1;
  for (const char* format : {own, "chatml"})
    if (size < 0 && format != nullptr)
      size = llama_chat_apply_template(format, messages.data(), messages.size(), true, text.data(),
                                       static_cast<int>(text.size()));
  if (size < 0 || static_cast<std::size_t>(size) > text.size())
    return fail(ErrorKind::unsupported, "the model's chat template cannot be applied");
  text.resize(static_cast<std::size_t>(size));
  Tokens tokens;
  if (llama_vocab_get_add_bos(vocabulary_)) tokens.push_back(llama_vocab_bos(vocabulary_));
  const auto add = [&](std::string_view part, bool reads_control) {
    const Tokens more = deed::tokenize(*vocabulary_, part, reads_control);
    // A template may write the first token out itself.
    const bool repeats = tokens.size() == 1 && !more.empty() && more[0] == tokens[0];
    tokens.insert(tokens.end(), more.begin() + (repeats ? 1 : 0), more.end());
  };
  std::size_t at = 0;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const std::size_t mark = text.find(marks[i], at);
    if (mark == text.npos) continue;  // a template without a system turn folds or drops it
    add(std::string_view(text).substr(at, mark - at), true);
    add(turns[i].text, false);
    at = mark + marks[i].size();
  }
  add(std::string_view(text).substr(at), true);
  return tokens;
}

std::int32_t LlamaEngine::sample(const std::vector<float>& logits, const Tokens& recent,
                                 const CompleteOptions& options, std::mt19937_64& random) const {
  constexpr std::size_t remembered = 64, kept = 40;
  std::vector<std::pair<float, std::int32_t>> ranked(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i)
    ranked[i] = {logits[i], static_cast<std::int32_t>(i)};
  if (options.repeat_penalty > 1.0) {
    Tokens seen(recent.end() - static_cast<std::ptrdiff_t>(std::min(remembered, recent.size())),
                recent.end());
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    for (const std::int32_t token : seen) {
      float& logit = ranked[static_cast<std::size_t>(token)].first;
      const auto penalty = static_cast<float>(options.repeat_penalty);
      logit = logit > 0 ? logit / penalty : logit * penalty;
    }
  }
  if (options.temperature <= 0) return std::max_element(ranked.begin(), ranked.end())->second;
  const auto last = ranked.begin() + static_cast<std::ptrdiff_t>(std::min(kept, ranked.size()));
  std::partial_sort(ranked.begin(), last, ranked.end(), std::greater<>());
  std::vector<double> weights;
  for (auto it = ranked.begin(); it != last; ++it)
    weights.push_back(std::exp((it->first - ranked[0].first) / options.temperature));
  if (options.top_p < 1) {
    double total = 0, reached = 0;
    for (const double weight : weights) total += weight;
    std::size_t count = 0;
    while (count < weights.size() && reached < options.top_p * total) reached += weights[count++];
    weights.resize(std::max<std::size_t>(count, 1));
  }
  std::discrete_distribution<std::size_t> pick(weights.begin(), weights.end());
  return ranked[pick(random)].second;
}

Result<Completion> LlamaEngine::complete(const Tokens& prefix, const CompleteOptions& options) {
  DEED_TRY(const std::size_t slot, hold_prefix(prefix));
  std::mt19937_64 random(options.seed);
  Completion result;
  Tokens made;
  std::size_t told = 0;
  while (result.tokens < options.max_tokens) {
    if (stop_.is_raised()) return fail(stopped(2));
    const std::int32_t token = sample(prefixes_[slot].logits, made, options, random);
    if (llama_vocab_is_eog(vocabulary_, token)) {
      result.is_whole = true;
      break;
    }
    std::string piece = piece_of(vocabulary_, token);
    const std::size_t line_end = options.stops_at_line_end ? piece.find('\n') : piece.npos;
    result.text += piece.substr(0, line_end);
    ++result.tokens, ++usage_.output;
    if (line_end != piece.npos) {
      result.is_whole = true;
      break;
    }
    made.push_back(token);
    if (options.on_text && is_utf8(std::string_view(result.text).substr(told))) {
      options.on_text(std::string_view(result.text).substr(told));
      told = result.text.size();
    }
    if (result.tokens == options.max_tokens) break;
    if (prefixes_[slot].tokens.size() + 1 > static_cast<std::size_t>(context_size_)) break;
    DEED_OK(extend(slot, &token, 1));
  }
  result.text = to_utf8(result.text);
  if (options.on_text && told < result.text.size())
    options.on_text(std::string_view(result.text).substr(told));
  return result;
}

}  // namespace deed
