#include "deed/cli/terminal.hpp"

#include "deed/cli/explain.hpp"

#include <unistd.h>

#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <cstdlib>

#include "deed/agent/report.hpp"
#include "deed/agent/task/progress.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

bool somebody_is_here() { return isatty(STDIN_FILENO) && isatty(STDERR_FILENO); }

void talk(const std::string& text) { std::fputs(text.c_str(), stderr), std::fflush(stderr); }

asio::awaitable<std::string> read_line() {
  auto executor = co_await asio::this_coro::executor;
  asio::posix::stream_descriptor input(executor, dup(STDIN_FILENO));
  std::string buffer;
  auto target = asio::dynamic_buffer(buffer, 64u << 10);
  const std::size_t n = co_await asio::async_read_until(input, target, '\n', asio::use_awaitable);
  co_return std::string(trim(std::string_view(buffer).substr(0, n)));
}

std::string short_arguments(const Json& arguments) {
  std::string out;
  if (!arguments.is_object()) return out;
  for (const auto& [name, value] : arguments.items()) {
    std::string text = value.is_string() ? value.get<std::string>() : to_text(value);
    if (text.size() > 60) text = std::string(utf8_prefix(text, 57)) + "…";
    out += (out.empty() ? "" : ", ") + name + ": " + escaped(text);
  }
  return out;
}

std::string first_line(const std::string& text) {
  const std::string line = text.substr(0, text.find('\n'));
  return line.size() > 200 || line.size() < text.size() ? std::string(utf8_prefix(line, 200)) + " …" : line;
}

}  // namespace

bool wants_colour(int fd) {
  const char* term = std::getenv("TERM");
  const char* never = std::getenv("NO_COLOR");
  return isatty(fd) && !(never && *never) && !(term && std::string_view(term) == "dumb");
}

std::string for_terminal(std::string_view text) {
  std::string out;
  const std::string good = to_utf8(text);
  for (std::size_t i = 0; i < good.size(); ++i) {
    const auto u = static_cast<unsigned char>(good[i]);
    // C1 controls are C2 80 … C2 9F in UTF-8.
    const bool c1 = u == 0xC2 && i + 1 < good.size() && static_cast<unsigned char>(good[i + 1]) < 0xA0;
    if (c1) {
      out += "?";
      ++i;
    } else if ((u < 0x20 && good[i] != '\n' && good[i] != '\t') || u == 0x7F) {
      if (good[i] != '\r') out += "?";
    } else {
      out += good[i];
    }
  }
  return out;
}

std::string card_text(const ApprovalCard& card) {
  if (!card.others.empty()) {
    ApprovalCard first = card;
    first.others.clear();
    std::string text = card_text(first);
    for (const ApprovalCard& other : card.others) text += card_text(other);
    return text + "── " + std::to_string(card.others.size() + 1) + " calls, to be decided about together ──\n";
  }
  std::string text = "\n── " + card.tool + " ──\n";
  if (card.preview) {
    text += for_terminal(card.preview->summary) + "\n\n" + for_terminal(card.preview->diff.empty() ? card.preview->bytes : card.preview->diff) + "\n";
  } else {
    text += for_terminal(to_text(card.arguments, 2)) + "\n";
  }
  text += "── asked because " + for_terminal(card.why) + "\n";
  for (const ArgumentOrigin& origin : card.origins) {
    text += "   " + origin.pointer + ": from " + origin.origin + "\n";
  }
  return text;
}

asio::awaitable<std::optional<ApprovalAnswer>> Terminal::approve(ApprovalCard card) {
  if (!somebody_is_here()) co_return std::nullopt;
  talk(card_text(card));
  for (;;) {
    talk("Do it? [y]es, [n]o, or no with a reason: ");
    const std::string line = co_await read_line();
    const std::string word = lower_ascii(line);
    if (word == "y" || word == "yes") co_return ApprovalAnswer{true, ""};
    if (word == "n" || word == "no") co_return ApprovalAnswer{false, ""};
    if (!line.empty()) co_return ApprovalAnswer{false, line};
  }
}

asio::awaitable<std::optional<std::string>> Terminal::answer(std::string question) {
  if (!somebody_is_here()) co_return std::nullopt;
  talk("\n? " + for_terminal(question) + "\n> ");
  std::string line = co_await read_line();
  co_return line;
}

TerminalObserver::TerminalObserver(TerminalOptions options) : options_(options), colour_(wants_colour(STDERR_FILENO)) {}

void TerminalObserver::line(const char* mark, const std::string& text) {
  talk(std::string(colour_ ? "\033[2m" : "") + mark + " " + for_terminal(text) + (colour_ ? "\033[0m" : "") + "\n");
}

void TerminalObserver::on_event(const RunId& run, const Event& event) {
  end_thought();
  if (options_.show == Show::events) {
    std::printf("%s\n", to_text(to_json(run, event)).c_str());
    std::fflush(stdout);
    return;
  }
  if (options_.show == Show::story) talk(explain_event(event, false));
  if (options_.show != Show::progress) return;
  const auto body = decode(event);
  if (!body || !*body) return;
  if (const auto* proposed = std::get_if<ToolProposed>(&**body)) {
    line("→", proposed->tool_call.name + "(" + short_arguments(proposed->tool_call.arguments) + ")");
  } else if (const auto* policy = std::get_if<PolicyDecided>(&**body)) {
    if (policy->verdict != Verdict::allow && policy->verdict != Verdict::ask) line("✗", first_line(policy->why));
  } else if (const auto* settled = std::get_if<EffectSettled>(&**body)) {
    // Of the parts of an effect the tool tells itself.
    if (settled->part.empty())
      line(settled->status == OutcomeStatus::succeeded ? "✓" : "✗", first_line(settled->text));
  } else if (const auto* reasoned = std::get_if<ModelReasoned>(&**body)) {
    if (options_.reasoning == ShowReasoning::summary && !reasoned->text.empty()) line("~", first_line(reasoned->text));
  } else if (const auto* replied = std::get_if<ModelReplied>(&**body)) {
    for (const std::string& vain : replied->reply.fell_back) line("!", first_line(vain));
  } else if (const auto* step = std::get_if<StepStarted>(&**body)) {
    line("▸", step->id);
  } else if (const auto* ended = std::get_if<StepFinished>(&**body)) {
    if (ended->status != StepStatus::done) line("✗", ended->id + " " + to_string(ended->status) + (ended->error.empty() ? "" : ": " + first_line(ended->error)));
  } else if (const auto* item = std::get_if<ItemFailed>(&**body)) {
    line("✗", item_name(item->item) + ": " + first_line(item->error));
  } else if (const auto* failed = std::get_if<ModelFailed>(&**body)) {
    line("!", failed->what + (failed->where.empty() ? "" : " (" + failed->where + ")"));
  }
}

// Dimmed; several pieces are one thought.
void TerminalObserver::think(const std::string& text) {
  if (options_.show != Show::progress || options_.reasoning != ShowReasoning::full) return;
  talk(std::string(colour_ ? "\033[2m" : "") + (is_thinking_ ? "" : "~ ") + for_terminal(text) + (colour_ ? "\033[0m" : ""));
  is_thinking_ = true;
}

void TerminalObserver::end_thought() {
  if (std::exchange(is_thinking_, false)) talk("\n");
}

void TerminalObserver::on_stream(const StreamEvent& piece) {
  if (const auto* thought = std::get_if<ReasoningDelta>(&piece)) return think(thought->text);
  end_thought();
  if (const auto* again = std::get_if<ReplyRestarted>(&piece)) {
    if (options_.show == Show::progress) line("!", "asked again, what was said so far is void: " + first_line(again->why));
    return;
  }
  const auto* text = std::get_if<TextDelta>(&piece);
  if (!options_.stream_text || !text) return;
  streamed_ = true;
  std::fputs(for_terminal(text->text).c_str(), stdout);
  std::fflush(stdout);
}

void TerminalObserver::on_progress(const std::string&, std::string_view text) {
  if (options_.show == Show::progress) line(" ", std::string(text));
}

}  // namespace deed
