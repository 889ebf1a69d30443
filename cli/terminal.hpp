// The terminal: talk on standard error, data on standard output, colour only for eyes.
#pragma once

#include <string>

#include "deed/agent/interaction.hpp"

namespace deed {

/// Whether colour is wanted on the descriptor: a terminal, no NO_COLOR, TERM not "dumb".
bool wants_colour(int fd);

/// `text` without what could move the cursor or recolour the screen: control characters but newline and tab become visible. Everything
/// that a model, a page or a mail said passes through here before it is shown.
std::string for_terminal(std::string_view text);

/// The card of an approval as it is shown, whole.
std::string card_text(const ApprovalCard& card);

/// Asks on the terminal. Where standard input or standard error is none, nobody is here.
class Terminal final : public Interaction {
 public:
  asio::awaitable<std::optional<ApprovalAnswer>> approve(ApprovalCard card) override;
  asio::awaitable<std::optional<std::string>> answer(std::string question) override;
};

/// How a run is shown while it goes on.
enum class Show {
  nothing,
  progress,  ///< a line a step and call, on standard error
  story,     ///< each choice with its alternatives and where each argument came from, on standard error
  events,    ///< one JSON object a line, on standard output
};

/// What is shown of a model's thoughts, on standard error.
enum class ShowReasoning {
  hide,
  summary,  ///< the beginning of each
  full,     ///< all, as it arrives
};

struct TerminalOptions {
  Show show = Show::progress;
  bool stream_text = false;  ///< the reply on standard output as it arrives
  ShowReasoning reasoning = ShowReasoning::summary;
};

class TerminalObserver final : public Observer {
 public:
  explicit TerminalObserver(TerminalOptions options);
  void on_event(const RunId& run, const Event& event) override;
  void on_stream(const StreamEvent& piece) override;
  void on_progress(const std::string& call, std::string_view line) override;

  /// Whether text of the last reply has been shown as it arrived.
  bool streamed() const { return streamed_; }

 private:
  void line(const char* mark, const std::string& text);

  void think(const std::string& text);
  void end_thought();

  TerminalOptions options_;
  bool colour_;
  bool streamed_ = false;
  bool is_thinking_ = false;  // a thought stands on the terminal without the end of its line
};

}  // namespace deed
