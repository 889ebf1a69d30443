#include "deed/agent/task/check_task.hpp"
namespace deed {
std::vector<TaskIssue> check_task(const Task&, const TaskPlace&) { return {}; }
Result<Json> complete_inputs(const Task& task, Json given) {
  Json out = Json::object();
  for (const Input& input : task.inputs) {
    if (given.contains(input.name)) out[input.name] = given[input.name];
    else if (input.default_value) out[input.name] = *input.default_value;
    else return fail(ErrorKind::invalid, "missing", input.name);
  }
  return out;
}
const Step* nothing();
}
