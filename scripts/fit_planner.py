#!/usr/bin/env python3
"""Fits the weights with which the embedded model's planner chooses a tool, and says how well they do.

  fit_planner.py rows  --bfcl FILE > rows.jsonl        requests, tools and the tool meant, one step a line
  build/bench/deed_planner_rows MODEL.gguf CACHE < rows.jsonl > looks.jsonl
  fit_planner.py fit   --bfcl FILE looks.jsonl [--write llm/local/tool_weights.hpp]

`fit` prints what cross-validation gives (each row scored by weights that were fitted without it and without its duplicates), then
what every kind of evidence is worth: the same with that one left out. Python's standard library only; the same input gives the same
numbers. Two models: which tool (a softmax over the tools of a row), and whether any (a logistic regression on the best one's
evidence, its threshold set where no more than a given share of the training rows that have a tool is lost).
"""
import argparse
import collections
import importlib.util
import json
import math
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent.parent
TOOL = ["channel", "name_tie", "heard", "own_said", "name_said", "missing", "missing_all", "referred", "no_text", "vague_text", "unused",
        "wrong_shape", "unused_text", "spare_numbers"]
FIRST = [n for n in TOOL if n not in ("channel", "name_tie")]  # without asking the model
FIT = ["above_other", "heard", "name_said", "taken", "missing_numbers", "enum_said", "outside"]
FOLDS = 8
LOST = 0.022  # of the training rows that have a tool, by the threshold of "no tool fits"


# ---- data

def bfcl_rows(path):
    for line in open(path, encoding="utf-8"):
        row = json.loads(line)
        want = next(iter(row["expected"][0])) if row["expected"] else None
        yield {"id": row["id"], "request": row["request"], "tools": row["tools"], "want": want}


def domain_rows():
    data = HERE / "tests/data/planner"
    tools = json.loads((data / "tools.json").read_text(encoding="utf-8"))
    effect = {tool["function"]["name"]: tool.get("changes_world", False) for tool in tools}
    for number, line in enumerate((data / "domain.jsonl").read_text(encoding="utf-8").splitlines()):
        row, past = json.loads(line), []
        for index, step in enumerate(row["steps"]):
            yield {"id": f"domain-{number}-{index}", "request": row["request"], "step": index, "tools": tools, "want": step["tool"],
                   "past": list(past), "attachments": row.get("attachments", []), "calls": False}
            past.append({"tool": step["tool"], "arguments": step["arguments"], "result": step["result"],
                         "changes_world": effect[step["tool"]]})


def request_rows():
    """The first step of the development half of tests/data/requests, where the end state says which tool it needs."""
    tools = json.loads((HERE / "tests/data/planner/tools.json").read_text(encoding="utf-8"))
    for line in (HERE / "tests/data/requests/dev.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        expect = row["expect"]
        if row["half"] != "dev" or row["kind"] not in ("single", "nothing"):
            continue
        methods = [r["method"] for r in expect.get("requests", [])]
        if row["kind"] == "nothing":
            want = None
        elif expect.get("mails"):
            want = "email.send"
        elif methods:
            want = "http.get" if methods == ["GET"] else "http.request"
        elif expect.get("files"):
            want = "file.append" if next(iter(expect["files"])) in row.get("files", {}) else "file.write"
        elif expect.get("reads"):
            want = "file.read"
        elif expect.get("uses"):
            want = expect["uses"][0]
        else:
            continue
        yield {"id": "domain-" + row["id"], "request": row["request"].replace("{base}", "http://127.0.0.1:8080"), "tools": tools,
               "want": want, "attachments": row.get("attach", []), "calls": False}


def none_rows():
    """What none of deed's own tools does, though a file, an address or a page is named."""
    data = HERE / "tests/data/planner"
    tools = json.loads((data / "tools.json").read_text(encoding="utf-8"))
    for number, line in enumerate((data / "none.jsonl").read_text(encoding="utf-8").splitlines()):
        yield {"id": f"none_{number}", "request": json.loads(line)["request"], "tools": tools, "want": None, "calls": False}


def phrase_rows():
    """One step each, said in many ways."""
    data = HERE / "tests/data/planner"
    tools = json.loads((data / "tools.json").read_text(encoding="utf-8"))
    for number, line in enumerate((data / "phrases.jsonl").read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        kind = "phrase" if row["want"] else "nophrase"
        yield {"id": f"{kind}_{number}", "request": row["request"], "tools": tools, "want": row["want"], "calls": False}


def without_examples(rows):
    for row in rows:
        tools = [dict(tool, function={k: v for k, v in tool["function"].items() if k != "examples"}) for tool in row["tools"]]
        yield dict(row, id="plain-" + row["id"], tools=tools)


def all_rows(bfcl):
    yield from phrase_rows()
    yield from none_rows()
    yield from domain_rows()
    yield from request_rows()
    yield from without_examples(list(domain_rows()) + list(request_rows()))
    if bfcl:
        yield from bfcl_rows(bfcl)


def kind_of(look):
    for kind in ("domain", "plain"):
        if look["id"].startswith(kind):
            return kind
    return look["id"].rsplit("_", 1)[0]


# Tools that say how they are asked for are heard by other words than tools of which only a description is known: two sets of weights.
PLAIN = ("plain", "simple_python", "multiple", "irrelevance")


def is_plain(look):
    return kind_of(look) in PLAIN


def folds_of(looks, rows):
    """Rows that share a question, or the tool meant, are in one fold, so that none is known from its twin."""
    parent = list(range(len(looks)))

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    seen = {}
    for i, look in enumerate(looks):
        row = rows[look["id"]]
        keys = [("q", " ".join(row["request"].lower().split()))]
        if kind_of(look) in ("simple_python", "multiple", "irrelevance"):
            keys += [("t", tool["function"]["name"]) for tool in row["tools"]]
        for key in keys:
            if key in seen:
                parent[root(i)] = root(seen[key])
            seen[key] = i
    groups = collections.defaultdict(list)
    for i in range(len(looks)):
        groups[root(i)].append(i)
    fold = [0] * len(looks)
    sizes = [collections.Counter() for _ in range(FOLDS)]
    for members in sorted(groups.values(), key=lambda g: (-len(g), g[0])):
        kinds = collections.Counter(kind_of(looks[i]) for i in members)
        best = min(range(FOLDS), key=lambda f: (sum(sizes[f][k] * n for k, n in kinds.items()), sum(sizes[f].values()), f))
        sizes[best].update(kinds)
        for i in members:
            fold[i] = best
    return fold


# ---- the two models

def newton_logistic(examples, names, ridge):
    """Weights and bias of a logistic regression; classes count alike. Examples: (evidence, is_positive)."""
    size = len(names) + 1
    weights = [0.0] * size
    positive = sum(1 for _, y in examples if y) or 1
    negative = len(examples) - positive or 1
    for _ in range(25):
        gradient = [-ridge * w for w in weights]
        gradient[-1] = 0.0
        hessian = [[(ridge if i == j and i < size - 1 else 1e-9 if i == j else 0.0) for j in range(size)] for i in range(size)]
        for evidence, y in examples:
            x = [evidence[n] for n in names] + [1.0]
            p = 1 / (1 + math.exp(-max(-40.0, min(40.0, sum(a * b for a, b in zip(weights, x))))))
            c = 0.5 * len(examples) / (positive if y else negative)
            for i in range(size):
                if x[i] == 0.0:
                    continue
                gradient[i] += c * (y - p) * x[i]
                for j in range(size):
                    hessian[i][j] += c * p * (1 - p) * x[i] * x[j]
        step = solve(hessian, gradient)
        weights = [w + s for w, s in zip(weights, step)]
        if max(abs(s) for s in step) < 1e-6:
            break
    return dict(zip(names, weights)), weights[-1]


def newton_softmax(examples, names, ridge, start):
    """Weights of a conditional logit. Examples: (list of evidence, index of the right one)."""
    size = len(names)
    weights = [start.get(n, 0.0) for n in names]
    anchor = list(weights)
    for _ in range(40):
        gradient = [-ridge * (w - a) for w, a in zip(weights, anchor)]
        hessian = [[ridge if i == j else 0.0 for j in range(size)] for i in range(size)]
        for options, right in examples:
            xs = [[e[n] for n in names] for e in options]
            scores = [sum(w * v for w, v in zip(weights, x)) for x in xs]
            top = max(scores)
            ps = [math.exp(s - top) for s in scores]
            total = sum(ps)
            ps = [p / total for p in ps]
            mean = [sum(p * x[i] for p, x in zip(ps, xs)) for i in range(size)]
            for i in range(size):
                gradient[i] += xs[right][i] - mean[i]
            for p, x in zip(ps, xs):
                d = [x[i] - mean[i] for i in range(size)]
                for i in range(size):
                    if d[i] == 0.0:
                        continue
                    for j in range(size):
                        hessian[i][j] += p * d[i] * d[j]
        step = solve(hessian, gradient)
        scale = min(1.0, 2.0 / (max(abs(s) for s in step) + 1e-12))
        weights = [w + scale * s for w, s in zip(weights, step)]
        if max(abs(s) for s in step) < 1e-6:
            break
    return dict(zip(names, weights))


def solve(matrix, vector):
    n = len(vector)
    rows = [list(matrix[i]) + [vector[i]] for i in range(n)]
    for c in range(n):
        pivot = max(range(c, n), key=lambda r: abs(rows[r][c]))
        rows[c], rows[pivot] = rows[pivot], rows[c]
        for r in range(n):
            if r != c and rows[r][c]:
                f = rows[r][c] / rows[c][c]
                for k in range(c, n + 1):
                    rows[r][k] -= f * rows[c][k]
    return [rows[i][n] / rows[i][i] for i in range(n)]


# What the numbers mean fixes their signs and sizes where data is scarce: the fit starts here and is held near it.
START = {"channel": 1.0, "heard": 1.0, "name_tie": 0.3, "own_said": 3.0, "missing": -4.0, "missing_all": -2.0, "referred": -4.0, "no_text": -8.0,
         "unused": -5.0, "wrong_shape": -5.0, "unused_text": -5.0}


def usable(look):
    return [t for t in look["tools"] if not t["asks_user"]]


def dot(weights, evidence):
    return sum(w * evidence[n] for n, w in weights.items())


def best_tool(weights, look):
    return max(usable(look), key=lambda t: dot(weights, t["evidence"]))


class Weights:
    """Of one of the two regimes."""

    def __init__(self, looks, tool_names, fit_names, ridge=0.05):
        choices = []
        for look in looks:
            tools = usable(look)
            right = [i for i, t in enumerate(tools) if t["name"] == look["want"]]
            if right and len(tools) > 1:
                choices.append(([t["evidence"] for t in tools], right[0]))
        # Held to START; the likelihood is counted in nats of whole clauses, hence much too sure of itself.
        self.tool = newton_softmax(choices, tool_names, ridge, START)
        self.first = newton_softmax(choices, FIRST, ridge, START)
        examples = [(best_tool(self.tool, look)["evidence"], 1 if look["want"] else 0) for look in looks ]
        self.fit, self.bias = newton_logistic(examples, fit_names, ridge=0.5)
        # Deed's own tools without their examples are no case of their own: they teach what an address is worth, not where the line is.
        kept = sorted(dot(self.fit, best_tool(self.tool, look)["evidence"]) for look in looks if look["want"] and kind_of(look) != "plain")
        self.bias = -kept[min(len(kept) - 1, int(LOST * len(kept)))] + 1e-9

    def choose(self, look):
        tool = best_tool(self.tool, look)
        return tool if dot(self.fit, tool["evidence"]) + self.bias >= 0 else None


# ---- measuring

class Both:
    def __init__(self, looks, tool_names=TOOL, fit_names=FIT):
        self.plain = Weights([l for l in looks if is_plain(l)], tool_names, fit_names)
        self.told = Weights([l for l in looks if not is_plain(l)], tool_names, fit_names)

    def for_(self, look):
        return self.plain if is_plain(look) else self.told


def cross_validated(looks, fold, tool_names=TOOL, fit_names=FIT):
    chosen = [None] * len(looks)
    nearest = [None] * len(looks)
    for f in range(FOLDS):
        both = Both([l for l, g in zip(looks, fold) if g != f], tool_names, fit_names)
        for i, look in enumerate(looks):
            if fold[i] == f:
                weights = both.for_(look)
                chosen[i], nearest[i] = weights.choose(look), best_tool(weights.tool, look)
    return chosen, nearest


def load_checker(bfcl):
    path = pathlib.Path(bfcl).parent / "bfcl_check.py"
    spec = importlib.util.spec_from_file_location("bfcl_check", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def is_whole(checker, source, tool):
    arguments = (tool or {}).get("call", {}).get("arguments")
    if arguments is None:
        return False
    return checker.score(source, [{"name": tool["name"], "arguments": arguments}])[1]


def table(looks, chosen, nearest, sources, checker):
    counts = collections.defaultdict(collections.Counter)
    for look, tool, near in zip(looks, chosen, nearest):
        c = counts[kind_of(look)]
        c["rows"] += 1
        c["right tool"] += bool(look["want"]) and near["name"] == look["want"]
        # A call that lacks what it needs is not made: the run asks.
        c["kept"] += tool is not None and "missing" not in tool.get("call", {})
        if look["want"] and look["id"] in sources:
            c["whole"] += tool is not None and is_whole(checker, sources[look["id"]], tool)
            c["unrefused"] += is_whole(checker, sources[look["id"]], near)
    return counts


def spread(part, whole):
    if not whole:
        return "-"
    p = part / whole
    return f"{100 * p:5.1f}% ±{196 * math.sqrt(p * (1 - p) / whole):4.1f}"


def show(counts):
    print(f"{'rows':16} {'n':>4}  {'right tool':>15} {'a tool at all':>15} {'whole call':>15} {'none refused':>15} {'refused':>15}")
    for kind, c in sorted(counts.items()):
        n = c["rows"]
        called = kind in ("simple_python", "multiple")
        wanted = kind not in ("irrelevance", "none", "nophrase")
        print(f"{kind:16} {n:4}  {spread(c['right tool'], n) if wanted else '-':>15} {spread(c['kept'], n) if wanted else '-':>15} "
              f"{spread(c['whole'], n) if called else '-':>15} "
              f"{spread(c['unrefused'], n) if called else '-':>15} "
              f"{spread(n - c['kept'], n) if not wanted else '-':>15}")


def write_header(path, both):
    def lines(values):
        return "".join(f'    EvidenceWeight{{"{n}", &ToolEvidence::{n}, {w:.4f}}},\n' for n, w in values.items())

    text = "// Written by scripts/fit_planner.py; do not edit.\n#pragma once\n\n#include \"deed/llm/local/tool_choice.hpp\"\n\n#include <array>\n\n"
    for name, weights in (("plain", both.plain), ("told", both.told)):
        text += (f"namespace deed::{name} {{\n\n" + "".join(f"inline constexpr std::array {part} = {{\n{lines(values)}}};\n"
                 for part, values in (("first", weights.first), ("tool", weights.tool), ("fit", weights.fit)))
                 + f"inline constexpr double fit_bias = {weights.bias:.4f};\n\n}}  // namespace deed::{name}\n\n")
    pathlib.Path(path).write_text(text.rstrip() + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["rows", "fit"])
    parser.add_argument("looks", nargs="?")
    parser.add_argument("--bfcl")
    parser.add_argument("--write")
    parser.add_argument("--failures", action="store_true")
    args = parser.parse_intermixed_args()
    rows = list(all_rows(args.bfcl))
    if args.what == "rows":
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
        return
    by_id = {row["id"]: row for row in rows}
    looks = [json.loads(line) for line in open(args.looks, encoding="utf-8")]
    checker = load_checker(args.bfcl)
    sources = {}
    for line in open(args.bfcl, encoding="utf-8"):
        row = json.loads(line)
        sources[row["id"]] = row
    fold = folds_of(looks, by_id)
    chosen, nearest = cross_validated(looks, fold)
    show(table(looks, chosen, nearest, sources, checker))
    if args.failures:
        for look, tool, near in zip(looks, chosen, nearest):
            want = look["want"]
            if bool(want) != bool(tool) or (want and near["name"] != want):
                print("-", look["id"], "want", want, "got", tool and tool["name"], "near", near["name"], "|", by_id[look["id"]]["request"][:150])
    print("\nwithout                right tool (multiple, phrase, domain)   a tool at all (simple, multiple, phrase)   refused (irrelevance, none)")
    for name in ["(nothing left out)"] + sorted(set(TOOL + FIT)):
        c, n = cross_validated(looks, fold, [t for t in TOOL if t != name], [t for t in FIT if t != name])
        t = table(looks, c, n, {}, checker)
        refused = [t[k]["rows"] - t[k]["kept"] for k in ("irrelevance", "none")]
        print(f"{name:22}" + "".join(f"{t[k]['right tool']:10}" for k in ("multiple", "phrase", "domain")) + " " * 9
              + "".join(f"{t[k]['kept']:10}" for k in ("simple_python", "multiple", "phrase")) + " " * 12 + "".join(f"{r:8}" for r in refused))
    both = Both(looks)
    for weights in (both.plain, both.told):
        print("\n", {n: round(w, 2) for n, w in weights.tool.items()}, "\n", {n: round(w, 2) for n, w in weights.fit.items()}, round(weights.bias, 2))
    if args.write:
        write_header(args.write, both)


if __name__ == "__main__":
    sys.exit(main())
