// A plugin with an effect: ticket.open opens a ticket in a tracker, ticket.watch waits until one is closed.
#include <deed/plugins/deed_plugin.hpp>

using namespace deed::plugin;

enum class Priority { low, normal, high };
EnumNames<Priority> names_of(Priority) {
  return {{Priority::low, "low"}, {Priority::normal, "normal"}, {Priority::high, "high"}};
}

static std::string body_of(const std::string& title, Priority priority, const std::vector<std::string>& labels) {
  return Json{{"title", title}, {"priority", static_cast<int>(priority)}, {"labels", labels}}.dump();
}

static Json open_ticket(Context& context, const std::string& title, Priority priority, const std::vector<std::string>& labels) {
  HttpRequest request;
  request.method = "POST";
  request.url = "https://tickets.example.org/api/tickets";
  request.headers = {{"Authorization", "Bearer " + context.secret("ticket_token")}, {"Idempotency-Key", context.effect_key()}};
  request.body = body_of(title, priority, labels);
  context.dispatching();  // from here on it may have happened
  const HttpResponse response = context.http(request);
  if (response.status == 422) throw Rejected("the tracker refuses the ticket", response.body);
  if (response.status >= 300) throw Error("the tracker answers " + std::to_string(response.status));
  return Json::parse(response.body);
}

static Preview preview_ticket(const std::string& title, Priority priority, const std::vector<std::string>& labels) {
  return {body_of(title, priority, labels), "open a ticket: " + title, {"tickets.example.org"}, "application/json"};
}

// A Completion is answered from any thread; the function returns at once.
static void watch(Completion call, int number) {
  std::move(call).in_thread([number](Completion& answer) {
    const std::string url = "https://tickets.example.org/api/tickets/" + std::to_string(number) + "?wait=60";
    while (!answer.context().is_cancelled()) {
      const Json ticket = Json::parse(answer.context().http({url}).body);
      if (ticket.at("state") == "closed") return answer.succeed(ticket);
      answer.context().progress("still open");
    }
    answer.finish(Outcome::failed_without_effect("stopped"));
  });
}

DEED_PLUGIN("ticket", "1.0.0",
            tool("open", "Opens a ticket.", Effect::keyed, open_ticket, arg("title").about("One line").role(Role::text),
                 arg("priority").otherwise("normal"), arg("labels").otherwise(Json::array()))
                .dispatches()
                .preview(preview_ticket)
                .key_window(std::chrono::hours(24))
                .examples({"Open a ticket about the broken lift"}),
            tool("watch", "Waits until a ticket is closed.", Effect::read, watch, arg("number").at_least(1))
                .timeout(std::chrono::hours(1)))
