# The headers that a program may include as "deed/…": what is installed, what compiles alone (a test), and what does not change
# without notice. What is not in this list is the inside of a room.
set(DEED_PUBLIC_HEADERS
  deed.hpp
  core/async.hpp
  core/byte_source.hpp
  core/check.hpp
  core/checked.hpp
  core/clock.hpp
  core/cron.hpp
  core/failpoint.hpp
  core/hash.hpp
  core/ids.hpp
  core/json.hpp
  core/json_text.hpp
  core/media.hpp
  core/result.hpp
  core/schema.hpp
  core/secrets.hpp
  core/shared_list.hpp
  core/spelling.hpp
  core/text.hpp
  core/time_text.hpp
  core/time_zone.hpp
  net/egress.hpp
  net/http.hpp
  net/imap.hpp
  net/mail_scan.hpp
  net/mail_security.hpp
  net/smtp.hpp
  net/sse.hpp
  net/trust.hpp
  memory/event.hpp
  memory/journal.hpp
  memory/schedule.hpp
  memory/schedule_store.hpp
  llm/message.hpp
  llm/model.hpp
  llm/model_table.hpp
  llm/providers.hpp
  tools/auto_submitted.hpp
  tools/builtin.hpp
  tools/mail_limits.hpp
  tools/mail_rates.hpp
  tools/mail_store.hpp
  tools/read_mails.hpp
  tools/received_mail.hpp
  tools/registry.hpp
  tools/suppression.hpp
  tools/tool.hpp
  agent/agent.hpp
  agent/context.hpp
  agent/decide.hpp
  agent/event_types.hpp
  agent/interaction.hpp
  agent/interrupt.hpp
  agent/limits.hpp
  agent/mail_account.hpp
  agent/policy.hpp
  agent/report.hpp
  agent/runner.hpp
  agent/schedule/daemon.hpp
  agent/schedule/plan.hpp
  agent/schedule/zoneinfo.hpp
  agent/state.hpp
  agent/task/check_task.hpp
  agent/task/expression.hpp
  agent/task/item_keys.hpp
  agent/task/parse_task.hpp
  agent/task/progress.hpp
  agent/task/source.hpp
  agent/task/task.hpp
  plugins/cpp/arguments.hpp
  plugins/cpp/completion.hpp
  plugins/cpp/values.hpp
  plugins/declared_tool.hpp
  plugins/deed_plugin.h
  plugins/deed_plugin.hpp
  plugins/deed_plugin_json.h
  plugins/manifest.hpp
  plugins/plugin_host.hpp
  plugins/plugins.hpp
  plugins/sandbox.hpp)

file(CREATE_LINK "${CMAKE_SOURCE_DIR}/deed.hpp" "${CMAKE_BINARY_DIR}/include/deed/deed.hpp" SYMBOLIC)

# Each public header compiles alone: a library of one source a header, which includes nothing else. Without optimization, since
# only the question counts.
function(deed_check_public_headers)
  set(sources)
  foreach(header ${DEED_PUBLIC_HEADERS})
    string(MAKE_C_IDENTIFIER "${header}" name)
    set(source "${CMAKE_BINARY_DIR}/public_headers/${name}.cpp")
    file(CONFIGURE OUTPUT "${source}" CONTENT "#include \"deed/${header}\"\n#include \"deed/${header}\"\n")
    list(APPEND sources "${source}")
  endforeach()
  add_library(deed_public_headers OBJECT ${sources})
  target_link_libraries(deed_public_headers PRIVATE deed::deed)
  deed_compile_options(deed_public_headers)
  target_compile_options(deed_public_headers PRIVATE -O0 -g0)
endfunction()
