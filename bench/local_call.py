#!/usr/bin/env python3
"""A call of the embedded model beside a call of llama.cpp's own server, same weights, same threads, in one run.

  tests/partners/install_llama_server.sh
  bench/local_call.py --model M.gguf [--server LLAMA_SERVER] [--threads 1] [--calls build/bench/deed_planner_calls]

The server is asked as an agent would: chat completions, the tools in the prompt, and a JSON schema that admits exactly their calls
(one object of "name" and that tool's own arguments), prompt cache on, temperature 0. Both get the same requests in the same order, in
turns of ten, so that what else the machine does falls on both. Requests: first steps of tests/data/planner/domain.jsonl and every tenth
of phrases.jsonl. Times are of whole calls without loading; the first of each is left out. Python's standard library only.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent.parent
DATA = HERE / "tests/data/planner"
CACHE = pathlib.Path(os.environ.get("DEED_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "deed")


def requests():
    domain = [json.loads(line)["request"] for line in (DATA / "domain.jsonl").read_text().splitlines()]
    phrases = [json.loads(line) for line in (DATA / "phrases.jsonl").read_text().splitlines()]
    return domain + [p["request"] for p in phrases if p["want"]][::10]


def schema_of(tools):
    def call(function):
        return {"type": "object", "properties": {"name": {"const": function["name"]}, "arguments": function["parameters"]},
                "required": ["name", "arguments"], "additionalProperties": False}
    return {"anyOf": [call(t["function"]) for t in tools if not t["asks_user"]]}


def system_of(tools):
    lines = [json.dumps({k: t["function"][k] for k in ("name", "description", "parameters")}) for t in tools if not t["asks_user"]]
    return ("You call functions. Answer with one JSON object {\"name\": ..., \"arguments\": {...}} and nothing else.\nFunctions:\n"
            + "\n".join(lines))


class Server:
    def __init__(self, program, model, threads, port=18431):
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen([program, "-m", model, "-t", str(threads), "-tb", str(threads), "-c", "8192", "-np", "1", "--port", str(port)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                urllib.request.urlopen(self.url + "/health", timeout=1).read()
                return
            except OSError:
                time.sleep(0.1)  # until it has loaded
        sys.exit("the server does not answer")

    def call(self, system, schema, request):
        body = {"messages": [{"role": "system", "content": system}, {"role": "user", "content": request}], "temperature": 0, "max_tokens": 200,
                "cache_prompt": True, "response_format": {"type": "json_schema", "json_schema": {"name": "call", "schema": schema}}}
        begin = time.monotonic()
        answer = urllib.request.urlopen(urllib.request.Request(self.url + "/v1/chat/completions", json.dumps(body).encode(),
                                                               {"Content-Type": "application/json"}), timeout=300).read()
        return time.monotonic() - begin, json.loads(answer)["choices"][0]["message"]["content"]


class Deed:
    def __init__(self, program, model, threads, cache):
        self.process = subprocess.Popen([program, model, cache, str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def call(self, tools, request):
        self.process.stdin.write(json.dumps({"request": request, "tools": tools}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer["seconds"], answer["reply"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--server", default=str(CACHE / "partners/bin/llama-server"))
    parser.add_argument("--calls", default=str(HERE / "build/bench/deed_planner_calls"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    if not pathlib.Path(args.server).exists():
        parser.error(f"{args.server} is missing: run tests/partners/install_llama_server.sh")
    tools = json.loads((DATA / "tools.json").read_text())
    system, schema = system_of(tools), schema_of(tools)
    ours, theirs = [], []
    all_requests = requests()
    with tempfile.TemporaryDirectory() as cache:
        server, deed = Server(args.server, args.model, args.threads), Deed(args.calls, args.model, args.threads, cache)
        try:
            for begin in range(0, len(all_requests), 10):
                batch = all_requests[begin:begin + 10]
                ours += [deed.call(tools, r) for r in batch]
                theirs += [server.call(system, schema, r) for r in batch]
            peak = next(line for line in open(f"/proc/{deed.process.pid}/status") if line.startswith("VmHWM")).split()[1]
        finally:
            server.process.kill()
            deed.process.stdin.close()
            deed.process.wait()
    if args.verbose:
        for request, (a, x), (b, y) in zip(all_requests, ours, theirs):
            print(f"{a:6.2f} {b:6.2f}  {request[:70]!r}\n        {x[:160]}\n        {y[:160]}")
    a, b = [t for t, _ in ours[1:]], [t for t, _ in theirs[1:]]
    print(f"{len(a)} calls, {args.threads} thread(s)    median      90%   largest")
    for name, times in (("deed", a), ("llama-server, JSON schema", b)):
        times.sort()
        print(f"{name:26} {statistics.median(times):8.2f} {times[int(len(times) * 0.9)]:8.2f} {times[-1]:8.2f} s")
    print(f"ratio of medians {statistics.median(a) / statistics.median(b):.2f}; deed's first call {ours[0][0]:.2f} s, the server's {theirs[0][0]:.2f} s; "
          f"deed's memory at most {int(peak) // 1024} MB")


if __name__ == "__main__":
    sys.exit(main())
