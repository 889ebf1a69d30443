#include "deed/llm/fallback.hpp"

#include "deed/core/check.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/providers.hpp"

#include <algorithm>

namespace deed {
namespace {

using std::chrono::steady_clock;

bool gives_way(ErrorKind kind) { return kind != ErrorKind::invalid && kind != ErrorKind::cancelled && kind != ErrorKind::internal; }
bool needs_rest(ErrorKind kind) { return kind == ErrorKind::unavailable || kind == ErrorKind::timeout || kind == ErrorKind::denied; }

bool starts_a_name(std::string_view text) {
  const std::string scheme = lower_ascii(text.substr(0, text.find(':')));
  const auto known = providers();
  return text.find(':') != std::string_view::npos &&
         std::any_of(known.begin(), known.end(), [&](const Provider& row) { return row.scheme == scheme; });
}

class Fallback final : public Model {
 public:
  Fallback(std::vector<std::unique_ptr<Model>> models, FallbackOptions options)
      : models_(std::move(models)), options_(std::move(options)), rests_until_(models_.size()) {
    DEED_CHECK(!models_.empty(), "a fallback chain needs a model");
    if (!options_.now) options_.now = [] { return steady_clock::now(); };
    info_ = models_.front()->info();
    for (std::size_t i = 1; i < models_.size(); ++i) {
      const ModelInfo& other = models_[i]->info();
      info_.name += ", " + other.name;
      info_.takes_images |= other.takes_images;
      info_.takes_audio |= other.takes_audio;
      info_.takes_documents |= other.takes_documents;
    }
  }

  const ModelInfo& info() const override { return info_; }
  std::int64_t count_tokens(std::string_view text) const override { return models_.front()->count_tokens(text); }
  Async<Reply> generate(ModelRequest request, StreamSink sink) override;

 private:
  std::vector<std::size_t> order() const;

  std::vector<std::unique_ptr<Model>> models_;
  FallbackOptions options_;
  std::vector<steady_clock::time_point> rests_until_;
  ModelInfo info_;
};

// Those that rest come last: they are better than nothing.
std::vector<std::size_t> Fallback::order() const {
  std::vector<std::size_t> awake, resting;
  const auto now = options_.now();
  for (std::size_t i = 0; i < models_.size(); ++i) (rests_until_[i] > now ? resting : awake).push_back(i);
  awake.insert(awake.end(), resting.begin(), resting.end());
  return awake;
}

Async<Reply> Fallback::generate(ModelRequest request, StreamSink sink) {
  const std::vector<std::size_t> ranking = order();
  std::vector<std::string> in_vain;
  bool has_told = false;
  StreamSink noting = [&](const StreamEvent& event) {
    has_told = true;
    if (sink) sink(event);
  };
  for (std::size_t n = 0;; ++n) {
    const std::size_t i = ranking[n];
    ModelRequest copy = request;
    Async<Reply> asking = models_[i]->generate(std::move(copy), noting);
    Result<Reply> reply = co_await std::move(asking);
    if (reply) {
      rests_until_[i] = {};
      reply->fell_back = std::move(in_vain);
      co_return reply;
    }
    const Error& error = reply.error();
    if (needs_rest(error.kind)) rests_until_[i] = options_.now() + options_.rest;
    if (!gives_way(error.kind) || n + 1 == ranking.size()) co_return reply;
    in_vain.push_back(models_[i]->info().name + ": " + error.what);
    if (has_told && sink) sink(ReplyRestarted{in_vain.back()});
    has_told = false;
  }
}

}  // namespace

std::unique_ptr<Model> make_fallback(std::vector<std::unique_ptr<Model>> models, FallbackOptions options) {
  if (models.size() == 1) return std::move(models.front());
  return std::make_unique<Fallback>(std::move(models), std::move(options));
}

std::vector<std::string> split_model_names(const std::string& names) {
  std::vector<std::string> out;
  for (const std::string_view part : split(names, ',')) {
    if (out.empty() || starts_a_name(trim(part))) {
      out.emplace_back(trim(part));
    } else {
      out.back() += "," + std::string(part);
    }
  }
  return out;
}

}  // namespace deed
