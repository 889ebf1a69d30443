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

class TerminalObserver final : public Observer {
 public:
  explicit TerminalObserver(Show show, bool stream_text = false);
  void on_event(const RunId& run, const Event& event) override;
  void on_stream(const StreamEvent& piece) override;
  void on_progress(const std::string& call, std::string_view line) override;

  /// Whether text of the last reply has been shown as it arrived.
  bool streamed() const { return streamed_; }

 private:
  void line(const char* mark, const std::string& text);

  Show show_;
  bool stream_text_;
  bool colour_;
  bool streamed_ = false;
};

}  // namespace deed
