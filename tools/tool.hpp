// A tool is a value: a spec and functions. What the loop, the policy and the journal know of it is
// in the spec.
#pragma once

#include "deed/core/async.hpp"
#include "deed/core/byte_source.hpp"
#include "deed/core/clock.hpp"
#include "deed/core/json.hpp"
#include "deed/core/media.hpp"
#include "deed/memory/event.hpp"
#include "deed/memory/journal.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// What happens if a call runs twice; decides what a crash or a lost answer leads to.
enum class EffectClass {
  pure,        ///< depends on nothing, changes nothing: may run again
  read,        ///< looks at the world: may run again
  idempotent,  ///< doing it twice is doing it once: retried with the same key
  keyed,       ///< the receiver removes duplicates by the key
  local,       ///< Outcome::facts, entered in the journal's own transaction with the outcome
  probeable,   ///< can be asked afterwards whether it happened
  once,        ///< none of these: stops and asks. The default for what declares nothing
};
const char* to_string(EffectClass effect);
/// errors  corrupt: no such class
Result<EffectClass> parse_effect_class(std::string_view text);
/// pure and read change nothing.
bool changes_world(EffectClass effect);

/// What an argument is for; policy and origin checks go by it.
enum class ArgumentRole {
  destination,  ///< where the effect goes: address, URL, path
  id,           ///< selects an existing thing
  value,        ///< decides what happens
  text,         ///< free content
  secret,       ///< the name of a secret
};
const char* to_string(ArgumentRole role);

/// Who must agree before a call with an effect runs, unless a rule of the user allows it.
enum class ApprovalNeed {
  never,   ///< stays on this machine and destroys nothing
  always,  ///< leaves the machine or destroys something
};

struct ToolSpec {
  std::string name;         ///< dotted: "email.send"; letters, digits, '_', '.'; at most 64 bytes
  std::string description;  ///< for the model: one or two sentences
  /// Requests that this tool is for, in different words ("Let ann@example.org know that …"): at most
  /// 16, of which small models are shown the first and judge by the words of all.
  std::vector<std::string> examples = {};
  Json arguments = {{"type", "object"},
                    {"properties", Json::object()}};  ///< JSON Schema 2020-12 of an object
  EffectClass effect = EffectClass::once;
  std::map<std::string, ArgumentRole> roles = {};  ///< by property name
  ApprovalNeed approval = ApprovalNeed::always;    ///< ignored for pure and read
  Trust result_trust = Trust::untrusted;
  std::chrono::milliseconds timeout{120'000};  ///< of a call; of each part, where it has parts
  std::size_t max_output_bytes =
      64u << 10;  ///< of the result's text; more is kept in the journal, the model gets the head
  bool asks_user =
      false;  ///< the loop puts the argument "question" to the user; `run` is not called
  /// Optional arguments for task files and direct calls: no model is told of them. Each one that a model must weigh makes a small one choose worse.
  std::vector<std::string> scripted = {};
  /// Whether `run` awaits ToolContext::dispatching() at its commit point. Of a tool that does not
  /// say so nothing is known once it was entered: what breaks it off leaves the effect in doubt.
  bool dispatches = false;
  /// keyed: for so long after the first dispatch the receiver still knows the key; later the call
  /// is not sent again by itself.
  std::chrono::milliseconds key_window = std::chrono::hours(24);
};

/// How a call ended. Never two-valued: `unknown` is an answer.
enum class OutcomeStatus {
  succeeded,
  rejected,               ///< the receiver said no; nothing happened
  failed_without_effect,  ///< provably nothing happened
  unknown,                ///< it may have happened
};
const char* to_string(OutcomeStatus status);
Result<OutcomeStatus> parse_outcome_status(std::string_view text);

struct Outcome {
  OutcomeStatus status = OutcomeStatus::unknown;
  Json result = nullptr;  ///< succeeded: the structured result. Otherwise {"error": "what
                          ///< happened", "hint": "what to do"}
  std::string text = {};  ///< for the model and people; empty: `result` as JSON
  /// Pictures, sounds and documents of the result, for models that take them; `text` must be enough for those that do not.
  std::vector<Media> media = {};
  /// Class local, succeeded: written in the one transaction that records the outcome; both are
  /// there or neither. For check_fact. Ignored for every other class.
  std::vector<Fact> facts = {};

  static Outcome succeeded(Json result, std::string text = {});
  static Outcome rejected(std::string why, std::string hint = {});
  static Outcome failed_without_effect(const Error& error);
  static Outcome unknown(std::string why);
};

/// For tools whose work before the commit point is a Result: its error as failed_without_effect.
Outcome outcome_of(Result<Outcome> result);

/// The byte-exact effect for a dry run and for approval: the .eml, the request, the new file.
struct Preview {
  std::string media_type;  ///< "message/rfc822", "message/http", "text/plain"
  std::string bytes;  ///< kept in the journal; where there is `whole`, files in it are named by their size and SHA-256
  std::string summary;  ///< one line: "mail to ann@example.org: Invoice 42 (1 attachment)"
  std::vector<std::string> destinations =
      {};  ///< what a rule such as --allow 'email.send:*@example.org' is matched against; all must
           ///< match
  /// Where `bytes` replaces something: what changes, in unified format. An approval covers it too.
  std::string diff = {};
  /// The effect in full, where `bytes` leaves files out: for a dry run. Null: `bytes` are all.
  std::shared_ptr<const ByteSource> whole = {};
};

/// Where one part of a call's effect stands. A part is an effect with an outcome of its own, such as
/// one recipient of a mail: what was done for it is durable, whatever becomes of the others.
enum class PartPhase {
  open,      ///< provably not done, or allowed to be done again: may be dispatched
  in_doubt,  ///< dispatched, and its outcome is not known: must be left alone
  settled,   ///< has its outcome: must be left alone
};
struct EffectPart {
  PartPhase phase = PartPhase::open;
  /// The last one: of a settled part; unknown of one in doubt whose tool could say so; of an open
  /// one that was tried, failed_without_effect.
  std::optional<Outcome> outcome = {};
  bool has_begun = false;  ///< it is among PartCounts::begun
};

/// The parts of all calls of a run so far, those of its steps' own runs among them, whichever process did them.
struct PartCounts {
  std::int64_t begun = 0;   ///< dispatched, or settled without that; but none of which the tool says `"withheld": true` in its result
  std::int64_t failed = 0;  ///< of those: rejected, or not done when their call ended
  bool operator==(const PartCounts&) const = default;
};

/// What a tool may know and do while it runs. Borrowed for the call.
class ToolContext {
 public:
  virtual ~ToolContext() = default;

  /// 64 hexadecimal digits, the same for every attempt at this call and for no other: forward it
  /// (Message-ID, Idempotency-Key, file name).
  virtual const std::string& effect_key() const = 0;
  virtual RunId run() const = 0;
  virtual int attempt() const = 0;  ///< 1 for the first
  /// When the call was proposed: the same for every attempt and for the preview. For Date headers
  /// and the like.
  virtual TimePoint proposed_at() const = 0;
  virtual const Clock& clock() const = 0;

  /// To be awaited at the commit point, the last instant at which the effect is provably not yet
  /// done. Durable when it returns. A second call returns at once, and so does any for the classes
  /// pure, read and local. After an error the effect must not be done.
  virtual Async<void> dispatching() = 0;

  // For a call that has several effects: each is a part, named by the tool (an address, a path, a
  // row's id), and goes through dispatching_part and settle_part, or through settle_part alone where
  // it never came to its commit point. A call that was broken off runs again, and does what is open
  // then. It must not call dispatching() as well.

  /// Where the part stands, of all attempts; a name that was never used is open.
  virtual EffectPart part(const std::string& name) const = 0;
  /// dispatching() for one part.
  /// name    1 to 1,000 bytes of UTF-8
  /// errors  conflict: the part is not open. cancelled: the run is to stop; return soon, the call
  ///         goes on when the run is resumed. Those of the journal. After an error the part must
  ///         not be done
  virtual Async<void> dispatching_part(std::string name) = 0;
  /// The outcome of one part; in the journal when it returns, and on the disk with the next
  /// dispatch or with the end of the call. After failed_without_effect the part is open again, after
  /// unknown in doubt. The tool's timeout begins anew.
  /// errors  conflict: the part has its outcome. Those of the journal
  virtual Async<void> settle_part(std::string name, Outcome outcome) = 0;

  virtual PartCounts parts_of_run() const = 0;

  /// Whether the run is to stop, or this attempt at the call: begin nothing new, and return. What the tool returns then does not
  /// count. The call goes on when it is resumed, if it has parts.
  virtual bool stop_requested() const = 0;

  /// Longer waits are timers.
  static constexpr std::chrono::milliseconds longest_sleep = std::chrono::minutes(2);
  /// Lets time pass, for example before a second try. The tool's timeout begins anew behind it. A wait longer than longest_sleep before
  /// anything but parts was dispatched is a timer in the journal, and no sleeping process: it ends this attempt, and the call runs again
  /// when the time has come, whichever process drives the run by then. A probe sleeps.
  /// errors  cancelled: the run is to stop, or the call is to go on later. Those of the journal
  virtual Async<void> wait(std::chrono::milliseconds time) = 0;

  /// Pauses the run as at a limit (exit code 5), for a limit that the tool keeps: this attempt ends, and the call goes on when the run
  /// is resumed. Only before anything but parts was dispatched.
  /// limit  the setting's name
  /// what   what was reached, for people
  /// hint   how to go on
  virtual void stop_at_limit(std::string limit, std::string what, std::string hint) = 0;

  /// In a probe: the part that is asked about, "" for the effect of the call as a whole.
  virtual const std::string& probed_part() const = 0;
  /// In a probe: when that was dispatched.
  virtual TimePoint dispatched_at() const = 0;

  /// A line for whoever watches.
  virtual void progress(std::string_view line) = 0;
};

/// What a probe found out. Positive evidence confirms; absence refutes only where the source is
/// authoritative.
struct ProbeResult {
  enum class Verdict { confirmed, refuted, undecided };
  Verdict verdict = Verdict::undecided;
  std::string evidence;
};

struct Tool {
  ToolSpec spec;
  /// The arguments have passed the schema. `ctx` outlives the coroutine. Expected failures are
  /// outcomes.
  std::function<asio::awaitable<Outcome>(Json arguments, ToolContext& ctx)> run;
  /// Pure but for reading local files; the same arguments and context give the same bytes.
  std::function<Result<Preview>(const Json& arguments, const ToolContext& ctx)> preview = {};
  /// The same where another process must be asked for it; not beside `preview`. It is given ten seconds.
  std::function<Async<Preview>(Json arguments, const ToolContext& ctx)> asked_preview = {};
  /// Asks the world whether the effect of this call happened, or the part that
  /// ToolContext::probed_part names.
  std::function<asio::awaitable<ProbeResult>(Json arguments, ToolContext& ctx)> probe = {};
  /// Whether this call would destroy something, where the spec's ApprovalNeed is never: asked
  /// before policy. Reads, changes nothing; when in doubt, true.
  std::function<bool(const Json& arguments)> destroys = {};
  /// The class of this very call, where it depends on the arguments; pure. Without it the spec's.
  std::function<EffectClass(const Json& arguments)> classify = {};
};

/// The arguments as a model is told of them: without the scripted ones.
Json arguments_for_models(const ToolSpec& spec);

/// The effect class of a call with these arguments (which may not have passed the schema).
EffectClass effect_of(const Tool& tool, const Json& arguments);

/// Whether somebody must agree to this call, unless a rule of the user allows it. For tools that
/// change the world.
bool needs_approval(const Tool& tool, const Json& arguments);

}  // namespace deed
