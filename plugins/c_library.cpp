#include "deed/plugins/c_library.hpp"

#include <dlfcn.h>

#include <deque>
#include <filesystem>

#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"
#include "deed/plugins/c_table.hpp"
#include "deed/plugins/wire.hpp"

namespace deed {

// The table that the plugin is given; its functions find their library behind it, while there is one. The table itself stays, as the
// loaded file does: a thread of the plugin may use it at any time.
struct CLibrary::Host : deed_host {
  mutable std::mutex mutex;  // guards what follows; taken before the library's
  CLibrary* library = nullptr;

  static const Host& of(const deed_host* host) { return *static_cast<const Host*>(host); }
  static std::shared_ptr<Call> find(const deed_host* host, std::uint64_t id);
  static deed_error to_c(const Error& error);
  static deed_error end(const deed_host* host, std::uint64_t id, Result<PluginAnswer> answer);

  static deed_error finish(const deed_host* host, std::uint64_t call, const deed_outcome* outcome);
  static deed_error show_preview(const deed_host* host, std::uint64_t call, const deed_preview* preview);
  static deed_error give_verdict(const deed_host* host, std::uint64_t call, deed_verdict verdict, deed_text evidence);
  static deed_error dispatching(const deed_host* host, std::uint64_t call);
  static int is_cancelled(const deed_host* host, std::uint64_t call);
  static std::int64_t time_left_ms(const deed_host* host, std::uint64_t call);
  static void progress(const deed_host* host, std::uint64_t call, deed_text line);
  static void log(const deed_host* host, deed_text line);
  static deed_error secret(const deed_host* host, std::uint64_t call, deed_text name, deed_text_receiver receive, void* user);
  static deed_error http(const deed_host* host, std::uint64_t call, const deed_http_request* request, deed_http_receiver receive, void* user);
};

struct CLibrary::Call {
  const deed_tool* tool = nullptr;  // nullptr: there is none of the name
  PluginCallKind kind = PluginCallKind::run;
  std::string arguments, effect_key;
  deed_call shown{};      // points into the texts above
  std::mutex mutex;       // guards what follows
  bool is_over = false;   // has its answer, or was given up: `services` are not used any more
  bool is_given_up = false;
  bool was_entered = false;  // its function was called
  CallServices services;
};

deed_error CLibrary::Host::to_c(const Error& error) {
  switch (error.kind) {
    case ErrorKind::invalid: return DEED_ERROR_INVALID;
    case ErrorKind::cancelled: return DEED_ERROR_CANCELLED;
    case ErrorKind::denied:
    case ErrorKind::not_found: return DEED_ERROR_DENIED;
    case ErrorKind::limit: return DEED_ERROR_LIMIT;
    default: return DEED_ERROR_UNAVAILABLE;
  }
}

std::shared_ptr<CLibrary::Call> CLibrary::Host::find(const deed_host* host, std::uint64_t id) {
  const std::scoped_lock lock(of(host).mutex);
  return of(host).library ? of(host).library->find(id) : nullptr;
}

// The first answer counts. One that is wrong is an answer, too: the call has ended, and says how the plugin erred.
deed_error CLibrary::Host::end(const deed_host* host, std::uint64_t id, Result<PluginAnswer> answer) {
  const std::shared_ptr<Call> call = find(host, id);
  if (!call) return DEED_ERROR_NO_CALL;
  bool is_first = false;
  {
    const std::scoped_lock lock(call->mutex);
    is_first = !call->is_over;
    call->is_over = true;
    if (is_first) call->services.end(answer ? *answer : PluginAnswer(answer.error()));
    call->services = {};
  }
  {
    const std::scoped_lock lock(of(host).mutex);
    if (CLibrary* library = of(host).library) library->forget(id);
  }
  if (!is_first) return DEED_ERROR_NO_CALL;
  return answer ? DEED_ERROR_NONE : to_c(answer.error());
}

deed_error CLibrary::Host::finish(const deed_host* host, std::uint64_t id, const deed_outcome* given) {
  auto outcome = read_outcome(given);
  return end(host, id, outcome ? Result<PluginAnswer>(PluginAnswer(*std::move(outcome))) : Result<PluginAnswer>(fail(outcome.error())));
}

deed_error CLibrary::Host::show_preview(const deed_host* host, std::uint64_t id, const deed_preview* given) {
  auto preview = read_preview(given);
  return end(host, id, preview ? Result<PluginAnswer>(PluginAnswer(*std::move(preview))) : Result<PluginAnswer>(fail(preview.error())));
}

deed_error CLibrary::Host::give_verdict(const deed_host* host, std::uint64_t id, deed_verdict verdict, deed_text evidence) {
  auto text = read_utf8(evidence, 4096, "the evidence");
  if (!text) return end(host, id, fail(text.error()));
  ProbeResult found{ProbeResult::Verdict::undecided, *std::move(text)};
  const std::uint32_t given = number_of(verdict);
  if (given == DEED_CONFIRMED) found.verdict = ProbeResult::Verdict::confirmed;
  else if (given == DEED_REFUTED) found.verdict = ProbeResult::Verdict::refuted;
  else if (given != DEED_UNDECIDED) return end(host, id, fail(ErrorKind::invalid, "there is no such verdict"));
  return end(host, id, PluginAnswer(std::move(found)));
}

// What blocks is called without the lock, on a copy: whoever gives the call up meanwhile answers it.
deed_error CLibrary::Host::dispatching(const deed_host* host, std::uint64_t id) {
  const std::shared_ptr<Call> call = find(host, id);
  if (!call) return DEED_ERROR_NO_CALL;
  std::function<Result<void>()> serve;
  {
    const std::scoped_lock lock(call->mutex);
    if (call->is_over) return call->is_given_up ? DEED_ERROR_CANCELLED : DEED_ERROR_NO_CALL;
    serve = call->services.dispatching;
  }
  const auto done = serve();
  return done ? DEED_ERROR_NONE : to_c(done.error());
}

int CLibrary::Host::is_cancelled(const deed_host* host, std::uint64_t id) {
  const std::shared_ptr<Call> call = find(host, id);
  if (!call) return 1;
  const std::scoped_lock lock(call->mutex);
  return call->is_over ? 1 : 0;
}

std::int64_t CLibrary::Host::time_left_ms(const deed_host* host, std::uint64_t id) {
  const std::shared_ptr<Call> call = find(host, id);
  if (!call) return 0;
  const std::scoped_lock lock(call->mutex);
  if (call->is_over) return 0;
  const auto now = std::chrono::steady_clock::now();
  if (call->services.deadline <= now) return 0;
  return std::chrono::duration_cast<std::chrono::milliseconds>(call->services.deadline - now).count();
}

void CLibrary::Host::progress(const deed_host* host, std::uint64_t id, deed_text line) {
  auto text = read_utf8(line, 64u << 10, "the line");
  const std::shared_ptr<Call> call = text ? find(host, id) : nullptr;
  if (!call) return;
  const std::scoped_lock lock(call->mutex);
  if (!call->is_over) call->services.progress(*std::move(text));
}

void CLibrary::Host::log(const deed_host* host, deed_text line) {
  auto text = read_utf8(line, 64u << 10, "the line");
  std::function<void(std::string)> log;
  {
    const std::scoped_lock lock(of(host).mutex);
    if (of(host).library) log = of(host).library->log_;
  }
  if (text && log) log(*std::move(text));
}

deed_error CLibrary::Host::secret(const deed_host* host, std::uint64_t id, deed_text name, deed_text_receiver receive, void* user) {
  auto text = read_utf8(name, 200, "the secret's name");
  if (!text || !receive) return DEED_ERROR_INVALID;
  const std::shared_ptr<Call> call = find(host, id);
  if (!call) return DEED_ERROR_NO_CALL;
  std::function<Result<Secret>(std::string)> serve;
  {
    const std::scoped_lock lock(call->mutex);
    if (call->is_over) return DEED_ERROR_CANCELLED;
    serve = call->services.secret;
  }
  const auto value = serve(*std::move(text));
  if (!value) return to_c(value.error());
  receive(user, text_of(value->reveal()));
  return DEED_ERROR_NONE;
}

deed_error CLibrary::Host::http(const deed_host* host, std::uint64_t id, const deed_http_request* given, deed_http_receiver receive, void* user) {
  const auto request = read_struct(given, offsetof(deed_http_request, body), "the request");
  if (!request || !receive) return DEED_ERROR_INVALID;
  auto method = read_utf8(request->method, 100, "the method"), url = read_utf8(request->url, 8192, "the URL");
  auto headers = read_headers(request->headers);
  auto body = read_bytes(request->body, max_answer_bytes, "the body");
  if (!method || !url || !headers) return DEED_ERROR_INVALID;
  if (!body) return to_c(body.error());
  const std::shared_ptr<Call> call = find(host, id);
  if (!call) return DEED_ERROR_NO_CALL;
  decltype(CallServices::http) serve;
  {
    const std::scoped_lock lock(call->mutex);
    if (call->is_over) return DEED_ERROR_CANCELLED;
    serve = call->services.http;
  }
  const auto response = serve(*std::move(method), *std::move(url), *std::move(headers), *std::move(body));
  if (!response) return to_c(response.error());
  const std::string shown = to_text(wire::json_of(response->headers));
  const deed_http_response out{sizeof out, response->status, text_of(shown), text_of(response->body)};
  receive(user, &out);
  return DEED_ERROR_NONE;
}

CLibrary::Host& CLibrary::new_host() {
  static std::mutex mutex;
  // Never destroyed, not at the end of the process either: the plugin's threads may still run.
  static std::deque<Host>& all = *std::make_unique<std::deque<Host>>().release();
  const std::scoped_lock lock(mutex);
  return all.emplace_back();
}

CLibrary::CLibrary() : host_(new_host()) {
  static_cast<deed_host&>(host_) = deed_host{sizeof(deed_host), DEED_PLUGIN_ABI_VERSION, 0, &Host::finish, &Host::show_preview, &Host::give_verdict,
                                             &Host::dispatching, &Host::is_cancelled, &Host::time_left_ms, &Host::progress, &Host::log,
                                             &Host::secret, &Host::http};
  host_.library = this;
}

// Of a plugin that still works on a call nobody knows when it is done: it is not asked to close.
CLibrary::~CLibrary() {
  bool is_idle = false;
  {
    const std::scoped_lock lock(mutex_);
    is_idle = calls_.empty();
  }
  if (is_idle && plugin_ && plugin_->size >= sizeof(deed_plugin) && plugin_->close) plugin_->close();
  const std::scoped_lock lock(host_.mutex);
  host_.library = nullptr;
}

Result<std::shared_ptr<CLibrary>> CLibrary::load(const std::string& path, std::function<void(std::string)> log) {
  std::error_code ec;
  if (!std::filesystem::is_regular_file(path, ec)) return fail(ErrorKind::not_found, "there is no such library", path);
  // RTLD_LOCAL: its symbols are its own. Never closed: see the class.
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!handle) return fail(ErrorKind::invalid, std::string("the library cannot be loaded: ") + to_utf8(dlerror()), path);
  void* symbol = dlsym(handle, "deed_plugin_entry");
  if (!symbol) return fail(ErrorKind::invalid, "the library is no plugin: it has no symbol deed_plugin_entry", path, "plugins/deed_plugin.h");
  return with_context(take(reinterpret_cast<deed_plugin_entry_function>(symbol), std::move(log)), path);
}

Result<std::shared_ptr<CLibrary>> CLibrary::adopt(deed_plugin_entry_function entry, std::function<void(std::string)> log) {
  return take(entry, std::move(log));
}

Result<std::shared_ptr<CLibrary>> CLibrary::take(deed_plugin_entry_function entry, std::function<void(std::string)> log) {
  std::shared_ptr<CLibrary> library(new CLibrary);  // NOLINT: the constructor is private
  library->log_ = std::move(log);
  const deed_plugin* given = nullptr;
  try {
    given = entry(&library->host_);
  } catch (...) {
    return fail(ErrorKind::invalid, "the plugin's entry threw an exception", "", "nothing may leave it");
  }
  if (!given) return fail(ErrorKind::unavailable, "the plugin says that it cannot work here", "", "its log says why");
  DEED_TRY(const deed_plugin plugin, read_struct(given, offsetof(deed_plugin, close), "the plugin's table"));
  if (plugin.abi_version != DEED_PLUGIN_ABI_VERSION) {
    return fail(ErrorKind::unsupported, "the plugin is made for version " + std::to_string(plugin.abi_version) + " of the interface",
                "", "this deed speaks version " + std::to_string(DEED_PLUGIN_ABI_VERSION));
  }
  library->plugin_ = given;
  library->name_ = plugin.name ? to_utf8(plugin.name) : "";
  library->version_ = plugin.version ? to_utf8(plugin.version) : "";
  if (!is_plugin_name(library->name_)) return fail(ErrorKind::invalid, "the plugin's name is not one", escaped(library->name_.substr(0, 100)), "letters, digits and _");
  if (plugin.tool_count > max_tools_of_plugin) return fail(ErrorKind::limit, "more than " + std::to_string(max_tools_of_plugin) + " tools");
  if (plugin.tool_count > 0 && !plugin.tools) return fail(ErrorKind::invalid, "the plugin's list of tools is NULL");
  for (std::uint32_t i = 0; i < plugin.tool_count; ++i) {
    DEED_TRY(Json tool, read_tool(plugin.tools[i]));
    library->tools_[string_at(tool, "name")] = plugin.tools[i];
    library->listed_.push_back(std::move(tool));
  }
  return library;
}

std::shared_ptr<CLibrary::Call> CLibrary::find(std::uint64_t id) {
  const std::scoped_lock lock(mutex_);
  const auto found = calls_.find(id);
  return found == calls_.end() ? nullptr : found->second;
}

void CLibrary::forget(std::uint64_t id) {
  const std::scoped_lock lock(mutex_);
  calls_.erase(id);
}

std::uint64_t CLibrary::begin(const PluginCall& what, CallServices services) {
  const auto call = std::make_shared<Call>();
  const auto known = tools_.find(what.tool->own_name);
  call->tool = known == tools_.end() ? nullptr : known->second;
  call->kind = what.kind;
  call->arguments = to_text(what.arguments);
  call->effect_key = what.effect_key;
  call->services = std::move(services);
  const std::uint64_t id = ++last_id_;
  call->shown = {sizeof(deed_call), id, nullptr, text_of(call->arguments), text_of(call->effect_key), what.attempt, what.proposed_at_ms,
                 what.dispatched_at_ms, nullptr};
  const std::scoped_lock lock(mutex_);
  calls_[id] = call;
  return id;
}

void CLibrary::enter(std::uint64_t id) {
  const std::shared_ptr<Call> call = find(id);
  if (!call) return;
  {
    const std::scoped_lock lock(call->mutex);
    if (call->is_over) return;  // given up before its thread came to it
    call->was_entered = true;
    call->shown.tool_state = call->tool ? call->tool->state : nullptr;
  }
  const auto end_with = [&](Error error) { Host::end(&host_, id, PluginAnswer(std::move(error))); };
  if (!call->tool) return end_with({ErrorKind::not_found, "the plugin has no such tool any more", "", ""});
  const auto tool = read_struct(call->tool, offsetof(deed_tool, preview), "a tool");
  if (!tool) return end_with(tool.error());
  const auto function = call->kind == PluginCallKind::run ? tool->run : call->kind == PluginCallKind::preview ? tool->preview : tool->probe;
  if (!function) return end_with({ErrorKind::unsupported, "the tool has no such function", "", ""});
  try {
    function(&host_, &call->shown);
  } catch (...) {
    end_with({ErrorKind::internal, "the plugin threw an exception across the border", "", "catch it and call finish"});
  }
}

void CLibrary::give_up(std::uint64_t id) {
  const std::shared_ptr<Call> call = find(id);
  if (!call) return;
  bool was_entered = false;
  {
    const std::scoped_lock lock(call->mutex);
    if (call->is_over) return;
    call->is_over = call->is_given_up = true;
    call->services = {};
    was_entered = call->was_entered;
  }
  if (!was_entered) return forget(id);  // its thread finds nothing
  const auto tool = read_struct(call->tool, offsetof(deed_tool, preview), "a tool");
  if (tool && tool->cancel) {
    try {
      tool->cancel(&host_, &call->shown);
    } catch (...) {  // it has said nothing that matters any more
    }
  }
  // It stays in the table until the plugin finishes it: a thread of the plugin may be reading the arguments.
}

}  // namespace deed
