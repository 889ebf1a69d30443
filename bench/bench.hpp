// What the benchmarks share: medians of several rounds, and a model server on loopback.
#pragma once

#include "deed/core/json.hpp"
#include "deed/tests/fakes/http_server.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace deed::bench {

using Seconds = std::chrono::duration<double>;
using SteadyTime = std::chrono::steady_clock::time_point;
inline SteadyTime now() { return std::chrono::steady_clock::now(); }

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

/// A streamed chat completion with this delta.
inline fakes::HttpReply streamed(const Json& delta, const char* finish) {
  const Json chunk = {
      {"choices", Json::array({{{"index", 0}, {"delta", delta}, {"finish_reason", finish}}})}};
  return fakes::HttpReply::ok("data: " + to_text(chunk) + "\n\ndata: [DONE]\n\n",
                              "text/event-stream");
}

/// `deed --version`, start to first request on the wire, largest resident memory.
void measure_processes();
/// A turn with the journal on against the same requests by plain libcurl; bytes written early and
/// late in a run.
void measure_turns();
/// A turn with an effect, each commit on the disk, against plain SQLite that commits the same bodies.
void measure_effects();
/// A mail merge of 2,000 rows with the journal on against a plain loop over libcurl that sends the same mails.
void measure_merges();
/// A call of a plugin's tool, in this process and in another, against a server of the official SDK for Python.
void measure_plugins();

}  // namespace deed::bench
