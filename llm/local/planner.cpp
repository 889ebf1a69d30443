#include "deed/llm/local/planner.hpp"

#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/local/form.hpp"
#include "deed/llm/local/grounding.hpp"
#include "deed/llm/local/lead_in.hpp"
#include "deed/llm/local/plan.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace deed {
namespace {

constexpr std::size_t max_request_bytes = 256u << 10;
constexpr std::string_view attachment_mark = "Attached file: ";

const ToolDefinition* find_tool(const ToolList& tools, const std::string& name) {
  const auto found = std::find_if(tools.begin(), tools.end(),
                                  [&](const ToolDefinition& tool) { return tool.name == name; });
  return found == tools.end() ? nullptr : &*found;
}

// Lines at the end of the user's message that name files given with it.
void take_attachments(Situation& situation) {
  std::string& text = situation.request;
  while (true) {
    while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.pop_back();
    const std::size_t line = text.rfind('\n') == text.npos ? 0 : text.rfind('\n') + 1;
    if (!std::string_view(text).substr(line).starts_with(attachment_mark)) break;
    situation.attachments.insert(situation.attachments.begin(),
                                 text.substr(line + attachment_mark.size()));
    text.resize(line);
  }
}

std::string in_marks(std::string_view text) { return "\"" + escaped(trim(text)) + "\""; }

Reply refusal(std::string text) { return {.text = std::move(text), .stop = StopReason::refused}; }

constexpr std::string_view way_out =
    " The embedded model only does what a tool says in plain words; name a larger model for more "
    "(for example --model openai:NAME, or "
    "the URL of a chat completions server).";

std::string done_so_far(const Situation& situation) {
  if (situation.done.empty()) return {};
  std::string text = " Done before: ";
  for (std::size_t i = 0; i < situation.done.size(); ++i)
    text += (i > 0 ? ", " : "") + situation.done[i].tool;
  return text + ".";
}

// "find lease.pdf and tell me its contents": where a file is, is not what is in it.
bool asks_what_is_in(const std::string& clause, const PastCall& last) {
  static constexpr std::array things = {"content", "contents", "inside", "says", "written", "text"};
  const std::vector<std::string> words = identifier_words(in_english_words(clause, language_of(clause)));
  const bool asks = std::any_of(words.begin(), words.end(), [](const std::string& word) { return is_one_of(word, things); });
  return asks && std::any_of(last.arguments.begin(), last.arguments.end(), [&](const Json& argument) {
    return argument.is_string() && has_extension(argument.get_ref<const std::string&>()) &&
           last.result.find("/" + argument.get_ref<const std::string&>()) != std::string::npos;
  });
}

std::string first_line(std::string_view text) {
  text = trim(text);
  return std::string(utf8_prefix(text.substr(0, text.find('\n')), 200));
}

// "rota.txt:\n", where a call was given one place.
std::string read_from(const PastCall& call) {
  constexpr std::size_t longest = 255;
  if (call.arguments.size() != 1 || !call.arguments.front().is_string()) return {};
  const std::string& place = call.arguments.front().get_ref<const std::string&>();
  return place.size() <= longest && !find_places(place).empty() ? place + ":\n" : std::string();
}

// Facts from the results: what was read at the end, or a line for each thing done.
Reply finished(const Situation& situation, const std::vector<std::string>& left_out) {
  constexpr std::size_t longest = 8192;
  Reply reply{.stop = StopReason::end};
  if (!situation.done.empty() && !situation.done.back().changes_world) {
    auto first = situation.done.end();
    while (first != situation.done.begin() && !std::prev(first)->changes_world) --first;
    // Of several, what each was read from.
    const bool are_several = situation.done.end() - first > 1;
    for (auto call = first; call != situation.done.end(); ++call)
      reply.text += (reply.text.empty() ? "" : "\n") + (are_several ? read_from(*call) : "") + call->result;
    reply.text = std::string(utf8_suffix(reply.text, longest));
  } else {
    for (const PastCall& call : situation.done)
      reply.text += (reply.text.empty() ? "" : "\n") + call.tool + ": " + first_line(call.result);
  }
  if (reply.text.empty()) reply.text = "Done.";
  // Said, lest something was a task after all.
  if (situation.done.empty() || situation.done.back().changes_world)
    for (const std::string& clause : left_out) reply.text += "\nNot taken for a task: " + in_marks(clause);
  return reply;
}

std::string fitting_tools(const ToolList& tools) {
  std::string names;
  std::size_t count = 0;
  for (const ToolDefinition& tool : tools) {
    if (tool.asks_user || ++count > 16) continue;
    names += (names.empty() ? "" : ", ") + tool.name;
  }
  return names;
}

}  // namespace

Situation read_transcript(const ModelRequest& request) {
  Situation situation;
  std::size_t last_user = 0;
  for (std::size_t i = 0; i < request.messages.size(); ++i) {
    if (request.messages[i].role == Role::user) last_user = i;
    situation.calls += request.messages[i].tool_calls.size();
  }
  if (request.messages.empty()) return situation;
  if (request.messages[last_user].role == Role::user)
    situation.request = to_utf8(request.messages[last_user].text);
  take_attachments(situation);
  std::map<std::string, const ToolCall*> calls;
  for (std::size_t i = last_user; i < request.messages.size(); ++i) {
    const Message& message = request.messages[i];
    for (const ToolCall& call : message.tool_calls) calls[call.id] = &call;
    if (message.role != Role::tool) continue;
    const auto found = calls.find(message.tool_call_id);
    const std::string name = !message.tool_name.empty() ? message.tool_name
                             : found != calls.end()     ? found->second->name
                                                        : "";
    const ToolDefinition* tool = find_tool(request.tools, name);
    const bool is_question = message.is_user_words || (tool != nullptr && tool->asks_user);
    situation.failure.reset(), situation.asked_in_vain = false;
    if (is_question) {
      if (message.is_error)
        situation.asked_in_vain = true;
      else
        situation.answers.push_back(to_utf8(message.text));
    } else if (message.is_error) {
      situation.failure = to_utf8(message.text), situation.failed_tool = name;
    } else {
      situation.done.push_back(
          {.tool = name,
           .arguments = found != calls.end() ? found->second->arguments : Json::object(),
           .result = to_utf8(message.text),
           .changes_world = tool != nullptr && tool->changes_world,
           .is_cut = message.is_cut});
      situation.answers.clear();
    }
  }
  return situation;
}

Result<PlannedStep> Planner::next(const ModelRequest& request) {
  const Situation situation = read_transcript(request);
  if (situation.request.size() > max_request_bytes)
    return fail(ErrorKind::limit,
                "a request of " + human_bytes(situation.request.size()) +
                    " is too long for the embedded model",
                {}, "put the text into a file and name it, or use a larger model");
  const TokenUsage before = scorer_.usage();
  const std::vector<std::string> plan = plan_of(situation.request, request.tools);
  DEED_TRY(PlannedStep step, plan_step(situation, plan, request));
  if (Reply* reply = std::get_if<Reply>(&step)) {
    const TokenUsage after = scorer_.usage();
    reply->usage = {.input = after.input - before.input,
                    .cached = after.cached - before.cached,
                    .output = after.output - before.output};
    reply->plan = plan;
  }
  return step;
}

Result<PlannedStep> Planner::plan_step(const Situation& situation,
                                       const std::vector<std::string>& plan,
                                       const ModelRequest& request) {
  if (situation.failure)
    return PlannedStep(refusal(situation.failed_tool + " failed: " +
                               std::string(utf8_prefix(trim(*situation.failure), 2000)) +
                               done_so_far(situation)));
  if (situation.asked_in_vain)
    return PlannedStep(refusal("The question was not answered, so the request cannot go on." +
                               done_so_far(situation)));
  if (plan.empty()) return PlannedStep(refusal("The request is empty: say what to do."));
  const bool has_tools = std::any_of(request.tools.begin(), request.tools.end(),
                                     [](const ToolDefinition& t) { return !t.asks_user; });
  if (!has_tools) return PlannedStep(PlainTalk{});
  DEED_TRY(Place place, find_place(situation, plan, request.tools));
  if (place.clause >= plan.size()) return PlannedStep(finished(situation, place.left_out));
  const std::string& clause = plan[place.clause];
  const ToolChoice& choice = place.choice;
  if (!choice.tool) {
    if (choice.is_talk && situation.done.empty() && plan.size() == 1)
      return PlannedStep(PlainTalk{});
    // "…, and let me hear what he writes": what was read is told anyway, and nothing else is asked for.
    const bool is_last = place.clause + 1 == plan.size();
    if (is_last && !situation.done.empty() && !situation.done.back().changes_world && !choice.is_outside && find_places(clause).empty()) {
      place.left_out.push_back(clause);
      return PlannedStep(finished(situation, place.left_out));
    }
    Reply reply = refusal("No tool fits " + in_marks(clause) +
                          ". The tools are: " + fitting_tools(request.tools) + "." +
                          done_so_far(situation) + std::string(way_out));
    reply.choices.push_back(choice.record);
    return PlannedStep(std::move(reply));
  }
  const bool reads_first = choice.reader && !place.has_read;
  const ClauseStep step{clause, situation.attachments, situation.answers, situation.done,
                  language_of(situation.request),
                  place.has_read || (choice.takes_last_result && !reads_first),
                  place.clause > 0 ? plan[place.clause - 1] : "",
                  told_before(clause, step_words_of(request.tools))};
  DEED_TRY(Reply reply, call(situation, step,
                             request.tools[reads_first ? *choice.reader : *choice.tool], request));
  reply.choices.insert(reply.choices.begin(), choice.record);
  return PlannedStep(std::move(reply));
}

// Goes through the clauses with the calls that were made, which say what became of each: one call,
// or a reading and then the call, or none where it was no task.
Result<Planner::Place> Planner::find_place(const Situation& situation,
                                           const std::vector<std::string>& plan,
                                           const ToolList& tools) {
  Place place;
  const Lexicon& lexicon = chooser_.lexicon(tools);
  const StepWords words = step_words_of(tools);
  std::size_t used = 0;
  const std::vector<PastCall>& done = situation.done;
  for (; place.clause < plan.size(); ++place.clause) {
    const bool is_next = used == done.size();
    const auto end = done.begin() + static_cast<std::ptrdiff_t>(used);
    const std::size_t told = told_before(plan[place.clause], words);
    if (told == 0 && (is_lead_in(plan, place.clause, lexicon) || leads_up(plan, place.clause, words))) {
      place.left_out.push_back(plan[place.clause]);
      continue;
    }
    const ClauseStep step{plan[place.clause], situation.attachments,
                    is_next ? situation.answers : std::vector<std::string>(),
                    {done.begin(), end},
                    language_of(situation.request),
                    false,
                    place.clause > 0 ? plan[place.clause - 1] : "",
                    told};
    // What was found is told at the end anyway.
    if (is_next && !step.past.empty() &&
        (is_ruled_out(plan[place.clause]) ||
         (!step.past.back().changes_world && !asks_what_is_in(plan[place.clause], step.past.back()) &&
          only_asks_to_be_told(plan[place.clause], lexicon)))) {
      place.left_out.push_back(plan[place.clause]);
      continue;
    }
    DEED_TRY(place.choice, chooser_.choose(step, tools));
    const ToolChoice& choice = place.choice;
    const auto is = [&](const std::optional<std::size_t>& tool) {
      return tool && tools[*tool].name == done[used].tool;
    };
    if (is_next) return place;
    if (choice.reader && is(choice.reader) && !is(choice.tool)) {
      place.has_read = ++used == done.size();
      if (place.has_read) return place;
    }
    ++used;
  }
  return place;
}

Result<Reply> Planner::call(const Situation& situation, const ClauseStep& step,
                            const ToolDefinition& tool, const ModelRequest& request) {
  const std::string& clause = step.clause;
  Form form(scorer_, step, tool);
  DEED_TRY(FormResult result, form.fill());
  const std::string id = "call_" + std::to_string(situation.calls + 1);
  if (FilledCall* filled = std::get_if<FilledCall>(&result)) {
    Reply reply{.stop = StopReason::tool_calls, .choices = std::move(filled->choices)};
    reply.tool_calls.push_back({id, tool.name, std::move(filled->arguments)});
    return reply;
  }
  const MissingArgument& missing = std::get<MissingArgument>(result);
  if (!missing.cut_result_of.empty())
    return refusal("The result of " + missing.cut_result_of +
                   " is too long for the embedded model to copy into \"" + missing.name + "\" of " +
                   tool.name + "." + done_so_far(situation) + std::string(way_out));
  std::string description = missing.description;
  while (description.ends_with('.')) description.pop_back();
  const std::string what =
      "\"" + missing.name + "\"" + (description.empty() ? "" : " (" + description + ")");
  const auto asking = std::find_if(request.tools.begin(), request.tools.end(),
                                   [](const ToolDefinition& t) { return t.asks_user; });
  // An answer that was given and did not help is not asked for again.
  if (asking == request.tools.end() || missing.answers_used < situation.answers.size()) {
    const std::string given =
        situation.answers.empty()
            ? ""
            : " The answer " + in_marks(situation.answers.back()) + " does not give it.";
    return refusal("The request " + in_marks(clause) + " does not say what " + tool.name +
                   " needs: " + what + "." + given + " Say it in the request." +
                   done_so_far(situation));
  }
  Reply reply{.stop = StopReason::tool_calls};
  reply.tool_calls.push_back(
      {id, asking->name,
       Json{{"question", tool.name + " needs " + what + ", and the request " + in_marks(clause) +
                             " does not say it. What is it?"}}});
  return reply;
}

}  // namespace deed
