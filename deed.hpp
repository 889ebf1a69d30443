// The door: the headers that a program needs, in the order in which to read them. docs/extending.md begins with an example.
#pragma once

#include "deed/core/result.hpp"      // how failures are told: Result, Error
#include "deed/core/json.hpp"        // values: Json
#include "deed/core/checked.hpp"     // judged text: EmailAddress, HttpUrl, RelativePath
#include "deed/tools/tool.hpp"       // what an agent can do: Tool, ToolSpec, Outcome
#include "deed/tools/registry.hpp"   // the tools of a program
#include "deed/llm/model.hpp"        // who decides what is done: Model
#include "deed/memory/journal.hpp"   // what was done: Journal, Event
#include "deed/agent/agent.hpp"      // all of it together: open_agent, Agent
