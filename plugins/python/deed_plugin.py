"""Plugins for deed in Python: a function becomes a tool. Copy this file beside yours; it needs Python 3.9 and nothing else.

    from deed_plugin import serve, tool

    @tool(effect="pure")
    def hello(name: str) -> str:
        '''Greets somebody.

        name: Whom to greet.
        '''
        return f"Hello, {name}!"

    serve("polite", "1.0.0")

The JSON Schema follows from the type hints: str, int, float, bool, list[...], dict[str, ...], Literal[...], Any, and Optional or a
default value for what may be missing. Lines "NAME: text" of the docstring describe the parameters, what stands before them the
tool. A parameter with the annotation Context gives what deed knows of the call and does for it.

What a function returns is the result; Outcome says more. What it raises: Rejected and WithoutEffect mean what they say. Anything
else: failed_without_effect for pure and read tools, and before ctx.dispatching() for those with dispatches=True; else unknown.

Spoken on standard input and output: docs/plugins.md, "The wire". What the program prints goes to standard error, the log.
"""
import collections.abc
import dataclasses
import inspect
import json
import os
import queue
import re
import sys
import threading
import typing

PROTOCOL = "2025-06-18"
EFFECTS = ("pure", "read", "idempotent", "keyed", "probeable", "once")
ROLES = ("destination", "id", "value", "text", "secret")


class Error(Exception):
    """A failure, told for people: what happened, and what to do about it."""

    def __init__(self, what, hint=""):
        super().__init__(what)
        self.hint = hint


class Rejected(Error):
    """The receiver said no: nothing happened."""


class WithoutEffect(Error):
    """Provably nothing happened, even where dispatching() was called."""


@dataclasses.dataclass
class Outcome:
    """How a call ended: succeeded, rejected, failed_without_effect or unknown. `text` of what failed is what happened."""

    outcome: str
    result: typing.Any = None
    text: str = ""
    hint: str = ""


@dataclasses.dataclass
class Preview:
    """The byte-exact effect, for a dry run and for approval."""

    bytes: str
    summary: str = ""
    destinations: list = dataclasses.field(default_factory=list)
    media_type: str = "text/plain"


@dataclasses.dataclass
class Verdict:
    """What a probe found out: confirmed, refuted or undecided, and one line of evidence."""

    verdict: str
    evidence: str = ""


@dataclasses.dataclass
class HttpResponse:
    status: int
    headers: dict
    body: bytes


class Context:
    """What deed knows of a call and does for it. Any thread, until the call is answered."""

    def __init__(self, wire, call, meta):
        known = meta.get("deed", {})
        self.effect_key = known.get("effect_key", "")  # the same for every attempt at this call and for no other: forward it
        self.attempt = known.get("attempt", 1)
        self.proposed_at_ms = known.get("proposed_at_ms", 0)
        self.dispatched_at_ms = known.get("dispatched_at_ms", 0)  # in a probe
        self.is_dispatched = False
        self._wire, self._call, self._token = wire, call, meta.get("progressToken")
        self._progress = 0
        self._cancelled = threading.Event()

    def dispatching(self):
        """At the commit point, the last instant at which the effect is provably not yet done. Raises: it must not be done."""
        self._wire.ask("deed/dispatching", {"call": self._call})
        self.is_dispatched = True

    @property
    def is_cancelled(self):
        """True: begin nothing new, and finish soon."""
        return self._cancelled.is_set()

    def progress(self, line):
        """A line for whoever watches."""
        self._progress += 1
        if self._token is not None:
            params = {"progressToken": self._token, "progress": self._progress, "message": str(line)}
            self._wire.send({"method": "notifications/progress", "params": params})

    def secret(self, name):
        """A secret that plugin.toml names."""
        return self._wire.ask("deed/secret", {"call": self._call, "name": name})["value"]

    def http(self, url, method="GET", headers=None, body=b""):
        """One exchange through deed's guarded client, with a host that plugin.toml names. Any status is a response."""
        import base64

        if isinstance(body, str):
            body = body.encode("utf-8")
        params = {"call": self._call, "method": method, "url": url, "headers": headers or {}}
        params["body_base64"] = base64.b64encode(body).decode("ascii")
        answer = self._wire.ask("deed/http", params)
        encoded = answer.get("body_base64")
        content = base64.b64decode(encoded) if encoded is not None else answer.get("body", "").encode("utf-8")
        return HttpResponse(answer["status"], answer.get("headers", {}), content)


# ---- schemas ----


def schema_of(hint):
    """The JSON Schema of a type hint."""
    plain = {str: {"type": "string"}, int: {"type": "integer"}, float: {"type": "number"}, bool: {"type": "boolean"}}
    if hint in plain:
        return dict(plain[hint])
    if hint in (typing.Any, inspect.Parameter.empty):
        return {}
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return {"enum": list(inner)}
    if hint is list or origin in (list, collections.abc.Sequence):
        return {"type": "array", "items": schema_of(inner[0])} if inner else {"type": "array"}
    if hint is dict or origin is dict:
        return {"type": "object", "additionalProperties": schema_of(inner[1])} if inner else {"type": "object"}
    if _is_union(origin):
        return {"anyOf": [{"type": "null"} if one is type(None) else schema_of(one) for one in inner]}
    raise TypeError(f"deed has no JSON for {hint!r}")


def _is_union(origin):
    import types

    return origin is typing.Union or origin is getattr(types, "UnionType", typing.Union)


def _without_none(hint):
    """(the hint without None, whether None was in it)"""
    if not _is_union(typing.get_origin(hint)):
        return hint, False
    inner = typing.get_args(hint)
    rest = tuple(one for one in inner if one is not type(None))
    return typing.Union[rest], len(rest) < len(inner)


def _described(doc):
    """(what the tool does, {parameter: text}) of a docstring"""
    parameters, about = {}, []
    for line in inspect.cleandoc(doc or "").splitlines():
        found = re.match(r"(\w+): (.+)", line)
        if found:
            parameters[found[1]] = found[2]
        elif not parameters:
            about.append(line.strip())
    return " ".join(line for line in about if line), parameters


_TYPES = {"string": str, "boolean": bool, "array": list, "object": dict, "null": type(None)}


def _is_of_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, _TYPES[name])


def check(value, schema, where="the arguments"):
    """What is wrong with a value, in a sentence; None: nothing. Knows the keywords that schema_of writes."""
    if "enum" in schema and value not in schema["enum"]:
        return f"{where} is not one of {json.dumps(schema['enum'])}"
    if "anyOf" in schema and all(check(value, one, where) for one in schema["anyOf"]):
        return f"{where} is of none of its types"
    if "type" in schema and not _is_of_type(value, schema["type"]):
        return f"{where} is not of the type {schema['type']}"
    if "minimum" in schema and value < schema["minimum"] or "maximum" in schema and value > schema["maximum"]:
        return f"{where} is out of range"
    if isinstance(value, list):
        parts = ((one, schema.get("items", {}), f"{where}[{i}]") for i, one in enumerate(value))
    elif isinstance(value, dict):
        missing = [name for name in schema.get("required", []) if name not in value]
        if missing:
            return f"{where}: '{missing[0]}' is missing"
        properties, further = schema.get("properties", {}), schema.get("additionalProperties", {})
        unknown = [name for name in value if name not in properties]
        if further is False and unknown:
            return f"{where}: there is no '{unknown[0]}'"
        parts = ((one, properties.get(name, further), f"'{name}'") for name, one in value.items())
    else:
        return None
    return next((issue for issue in (check(*part) for part in parts) if issue), None)


# ---- tools ----

TOOLS = {}


class Tool:
    """A function with its spec; still called like the function. `@hello.preview` and `@hello.probe` register its companions."""

    def __init__(self, function, effect, name=None, roles=None, arguments=None, examples=(), dispatches=False, harmless=False,
                 concurrent=False, trusted=False, timeout_s=0, max_output_bytes=0, key_window_s=0):
        if effect not in EFFECTS:
            raise ValueError(f"effect={effect!r}: what happens if a call runs twice? One of {', '.join(EFFECTS)}")
        self.function, self.effect, self.dispatches, self.concurrent = function, effect, dispatches, concurrent
        self.name = name or function.__name__
        self.preview_function = self.probe_function = None
        self.description, texts = _described(function.__doc__)
        self.arguments = self._schema(texts, arguments or {})
        for argument, role in (roles or {}).items():
            if role not in ROLES or argument not in self.arguments["properties"]:
                raise ValueError(f"roles: {argument!r}: {role!r}")
        flags = {"dispatches": dispatches, "harmless": harmless, "concurrent": concurrent, "trusted": trusted}
        self.meta = {"effect": effect, "roles": roles or {}, "examples": list(examples),
                     "flags": [flag for flag, is_set in flags.items() if is_set]}
        sizes = {"timeout_ms": int(timeout_s * 1000), "max_output_bytes": max_output_bytes, "key_window_ms": int(key_window_s * 1000)}
        self.meta.update({key: value for key, value in sizes.items() if value})

    def __call__(self, *arguments, **named):
        return self.function(*arguments, **named)

    def preview(self, function):
        self.preview_function = function
        self.meta["preview"] = True
        return function

    def probe(self, function):
        self.probe_function = function
        self.meta["probe"] = True
        return function

    def spec(self):
        return {"name": self.name, "description": self.description, "inputSchema": self.arguments, "_meta": {"deed": self.meta}}

    def _schema(self, texts, keywords):
        hints = typing.get_type_hints(self.function)
        properties, required = {}, []
        for name, parameter in inspect.signature(self.function).parameters.items():
            hint = hints.get(name, parameter.annotation)
            if hint is Context:
                continue
            plain, may_be_none = _without_none(hint)
            one = schema_of(plain)
            if name in texts:
                one["description"] = texts[name]
            if parameter.default is inspect.Parameter.empty:
                if not may_be_none:
                    required.append(name)
            elif parameter.default is not None:
                one["default"] = parameter.default
            one.update(keywords.get(name, {}))
            properties[name] = one
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def tool(*, effect, **options):
    """Makes a tool of a function. `effect` says what happens if a call runs twice: pure, read, idempotent, keyed, probeable, once.

    roles={"path": "destination"}; arguments={"rows": {"minimum": 1}} adds keywords of JSON Schema; dispatches=True for a function
    that calls ctx.dispatching(); harmless=True where nothing leaves the machine and nothing is destroyed; concurrent=True;
    trusted=True where results are the plugin's own words; examples=[...]; timeout_s, max_output_bytes, key_window_s.
    """

    def register(function):
        made = Tool(function, effect, **options)
        if made.name in TOOLS:
            raise ValueError(f"two tools are called {made.name!r}")
        TOOLS[made.name] = made
        return made

    return register


# ---- the wire ----


def _call(function, ctx, arguments):
    """Calls with `ctx` where a parameter asks for it."""
    hints = typing.get_type_hints(function)
    named = dict(arguments)
    for name, parameter in inspect.signature(function).parameters.items():
        if hints.get(name) is Context:
            named[name] = ctx
        elif name not in named and parameter.default is inspect.Parameter.empty:
            named[name] = None  # Optional without a default
    return function(**named)


def _failure(made, ctx, error):
    hint = getattr(error, "hint", "")
    if isinstance(error, Rejected):
        outcome = "rejected"
    elif isinstance(error, WithoutEffect) or made.effect in ("pure", "read") or made.dispatches and not ctx.is_dispatched:
        outcome = "failed_without_effect"
    else:
        outcome = "unknown"
    return Outcome(outcome, text=str(error) or type(error).__name__, hint=hint)


def _result(outcome):
    """An Outcome as the result of tools/call."""
    meta = {"outcome": outcome.outcome}
    if outcome.hint:
        meta["hint"] = outcome.hint
    text = outcome.text
    out = {"isError": outcome.outcome != "succeeded", "_meta": {"deed": meta}}
    if not out["isError"]:
        value = outcome.result
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            value = dataclasses.asdict(value)
        if isinstance(value, str):
            text = text or value
        elif value is not None:
            out["structuredContent"] = value if isinstance(value, dict) else {"result": value}
            text = text or json.dumps(value, ensure_ascii=False)
    out["content"] = [{"type": "text", "text": text or "done"}]
    return out


class _WireError(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Wire:
    """Newline-delimited JSON-RPC 2.0. One thread reads; calls run on the main thread one after another, concurrent ones on their own."""

    def __init__(self, name, version, read_from, write_to):
        self._name, self._version = name, version
        self._in, self._out = read_from, write_to
        self._lock = threading.Lock()  # guards _out, _asked and _contexts
        self._asked, self._contexts, self._last = {}, {}, 0
        self._queue = queue.Queue()
        self._is_closed = False

    def serve(self):
        threading.Thread(target=self._read, daemon=True).start()
        for message in iter(self._queue.get, None):
            made = TOOLS.get(message["params"].get("name"))
            if made and made.concurrent:
                threading.Thread(target=self._answer, args=(message,)).start()  # the program ends when all have
            else:
                self._answer(message)

    def send(self, message):
        line = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False, allow_nan=False)
        with self._lock:
            self._out.write(line.encode("utf-8", "replace") + b"\n")
            self._out.flush()

    def ask(self, method, params):
        """A request of the program; blocks until deed answers. Raises Error where it says no."""
        answer = queue.Queue()
        with self._lock:
            if self._is_closed:
                raise Error(f"{method}: deed is gone")
            self._last += 1
            number = f"p{self._last}"
            self._asked[number] = answer
        self.send({"id": number, "method": method, "params": params})
        got = answer.get()
        if "error" in got:
            raise Error(f"{method}: {got['error'].get('message', 'refused')}")
        return got.get("result") or {}

    def _read(self):
        for line in self._in:
            try:
                message = json.loads(line)
                if not isinstance(message, dict):
                    raise ValueError("no object")
            except (ValueError, RecursionError) as error:
                self.send({"id": None, "error": {"code": -32700, "message": f"not JSON-RPC: {error}"}})
                continue
            try:
                self._take(message)
            except OSError:
                break
        with self._lock:
            self._is_closed = True
            waiting = list(self._asked.values())
        for answer in waiting:
            answer.put({"error": {"message": "deed is gone"}})
        self._queue.put(None)

    def _take(self, message):
        method, number = message.get("method"), message.get("id")
        params = message.get("params")
        if not isinstance(params, dict):
            params = message["params"] = {}
        if method is None:
            with self._lock:
                answer = self._asked.pop(number, None)
            if answer:
                answer.put(message)
        elif method in ("tools/call", "deed/preview", "deed/probe"):
            ctx = Context(self, number, params.get("_meta") or {})
            with self._lock:
                self._contexts[number] = ctx
            self._queue.put(message)
        elif method == "notifications/cancelled":
            with self._lock:
                ctx = self._contexts.get(params.get("requestId"))
            if ctx:
                ctx._cancelled.set()
        elif number is not None:
            self._answer_at_once(method, number)

    def _answer_at_once(self, method, number):
        if method == "initialize":
            info = {"name": self._name, "version": self._version}
            self.send({"id": number, "result": {"protocolVersion": PROTOCOL, "capabilities": {"tools": {}}, "serverInfo": info}})
        elif method == "tools/list":
            self.send({"id": number, "result": {"tools": [made.spec() for made in TOOLS.values()]}})
        elif method == "ping":
            self.send({"id": number, "result": {}})
        else:
            self.send({"id": number, "error": {"code": -32601, "message": f"there is no method {method}"}})

    def _answer(self, message):
        number, params = message.get("id"), message["params"]
        with self._lock:
            ctx = self._contexts[number]
        try:
            made = TOOLS.get(params.get("name"))
            if made is None:
                raise _WireError(-32602, f"there is no tool {params.get('name')}")
            answer = {"tools/call": self._run, "deed/preview": self._preview, "deed/probe": self._probe}[message["method"]]
            out = {"id": number, "result": answer(made, ctx, params.get("arguments") or {})}
        except _WireError as error:
            out = {"id": number, "error": {"code": error.code, "message": str(error)}}
        with self._lock:
            self._contexts.pop(number, None)
        try:
            self.send(out)
        except OSError:
            pass  # deed is gone; the reader sees it, too

    def _run(self, made, ctx, arguments):
        issue = check(arguments, made.arguments)
        if issue:
            return _result(Outcome("failed_without_effect", text=issue))
        try:
            value = _call(made.function, ctx, arguments)
            out = _result(value if isinstance(value, Outcome) else Outcome("succeeded", value))
            json.dumps(out, allow_nan=False)
            return out
        except Exception as error:
            return _result(_failure(made, ctx, error))

    def _preview(self, made, ctx, arguments):
        if made.preview_function is None:
            raise _WireError(-32601, f"{made.name} has no preview")
        issue = check(arguments, made.arguments)
        if issue:
            raise _WireError(-32602, issue)
        try:
            shown = _call(made.preview_function, ctx, arguments)
        except Error as error:
            raise _WireError(-32602, str(error)) from error
        except Exception as error:
            raise _WireError(-32603, f"{type(error).__name__}: {error}") from error
        return dataclasses.asdict(Preview(shown) if isinstance(shown, str) else shown)

    def _probe(self, made, ctx, arguments):
        if made.probe_function is None:
            raise _WireError(-32601, f"{made.name} has no probe")
        try:
            return dataclasses.asdict(_call(made.probe_function, ctx, arguments))
        except Exception as error:
            return dataclasses.asdict(Verdict("undecided", str(error) or type(error).__name__))


def serve(name, version):
    """Serves the tools until deed closes the input. Prints, and those of programs that are started, go to standard error."""
    read_from = os.fdopen(os.dup(0), "rb")
    write_to = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    Wire(name, version, read_from, write_to).serve()
