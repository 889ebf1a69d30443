"""deed_plugin.py: what schema a function gets, and what a program says over the wire. Run by ctest: plugins.python."""
import json
import os
import subprocess
import sys
import textwrap
import typing
import unittest

LIBRARY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "plugins", "python")
sys.path.insert(0, LIBRARY)
import deed_plugin  # noqa: E402

PLUGIN = '''
import os, subprocess, sys
from deed_plugin import *
from typing import Optional

@tool(effect="read")
def value(kind: str):
    print("printed by the tool")
    subprocess.run(["echo", "printed by a child"], check=True)
    return {"text": "plain", "number": 4, "list": [1], "object": {"a": 1}, "none": None, "broken": "a\\ud800b",
            "nan": float("nan"), "set": {1}, "input": sys.stdin.read(), "raise": None}[kind] if kind != "raise" else fail()

def fail():
    raise Error("no luck", "try again")

@tool(effect="once", dispatches=True)
def send(ctx: Context, how: str):
    if how == "early": raise ValueError("before")
    ctx.dispatching()
    if how == "late": raise ValueError("after")
    if how == "rejected": raise Rejected("no such user", "ask")
    if how == "nothing": raise WithoutEffect("refused")
    if how == "outcome": return Outcome("unknown", text="no answer")
    return {"key": ctx.effect_key, "attempt": ctx.attempt, "at": ctx.proposed_at_ms}

@send.preview
def show(how: str):
    if how == "early": raise Rejected("cannot be sent")
    if how == "broken": raise ValueError("no idea")
    return Preview("bytes of " + how, summary=how, destinations=[how])

@tool(effect="once")
def careless():
    raise ValueError("somewhere")

@tool(effect="probeable")
def asked(n: int): pass

@asked.probe
def was_it(ctx: Context, n: int):
    if n == 0: raise ValueError("no line")
    return Verdict("confirmed", f"{n} at {ctx.dispatched_at_ms}")

@tool(effect="read")
def lend(ctx: Context, name: str) -> str:
    return ctx.secret(name)

@tool(effect="read")
def fetch(ctx: Context):
    got = ctx.http("https://example.org/", "POST", {"A": "b"}, b"\\x00sent")
    return {"status": got.status, "headers": got.headers, "body": list(got.body)}

@tool(effect="read")
def wait(ctx: Context):
    ctx.progress("begun")
    while not ctx.is_cancelled: pass
    return "stopped"

@tool(effect="pure", concurrent=True)
def parallel(ctx: Context, name: Optional[str]):
    ctx.secret("gate")
    return name

serve("sample", "1.2")
'''


class Program:
    """A plugin as deed would run it, spoken to message by message."""

    def __init__(self, source=PLUGIN):
        environment = dict(os.environ, PYTHONPATH=LIBRARY, PYTHONDONTWRITEBYTECODE="1")
        self.process = subprocess.Popen([sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def say(self, message):
        self.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def write(self, line):
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def hear(self):
        return json.loads(self.process.stdout.readline())

    def begin(self, tool, arguments, number=7, method="tools/call", **known):
        meta = {"progressToken": "t", "deed": {"effect_key": "ab" * 32, "attempt": 2, "proposed_at_ms": 5, **known}}
        self.say({"id": number, "method": method, "params": {"name": tool, "arguments": arguments, "_meta": meta}})

    def call(self, tool, arguments):
        """The result; deed/dispatching is allowed."""
        self.begin(tool, arguments)
        heard = self.hear()
        if heard.get("method") == "deed/dispatching":
            assert heard["params"] == {"call": 7}
            self.say({"id": heard["id"], "result": {}})
            heard = self.hear()
        assert heard["id"] == 7
        return heard["result"]

    def close(self):
        out, log = self.process.communicate()
        return self.process.returncode, out, log.decode()


def outcome(result):
    return result["_meta"]["deed"]["outcome"]


class Schemas(unittest.TestCase):
    def of(self, function, **options):
        return deed_plugin.Tool(function, "pure", **options).arguments

    def test_follow_from_type_hints_and_defaults(self):
        def function(ctx: deed_plugin.Context, s: str, i: int, f: float, b: bool, any_, l: typing.List[int], d: typing.Dict[str, bool],
                     c: typing.Literal["a", "b"], o: typing.Optional[str], u: typing.Union[int, str], n: int = 3,
                     p: typing.Optional[int] = None):
            pass

        schema = self.of(function)
        self.assertEqual(schema["required"], ["s", "i", "f", "b", "any_", "l", "d", "c", "u"])
        self.assertFalse(schema["additionalProperties"])
        self.assertEqual(schema["properties"], {
            "s": {"type": "string"}, "i": {"type": "integer"}, "f": {"type": "number"}, "b": {"type": "boolean"}, "any_": {},
            "l": {"type": "array", "items": {"type": "integer"}},
            "d": {"type": "object", "additionalProperties": {"type": "boolean"}}, "c": {"enum": ["a", "b"]},
            "o": {"type": "string"}, "u": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
            "n": {"type": "integer", "default": 3}, "p": {"type": "integer"}})

    def test_have_descriptions_from_the_docstring_and_keywords_from_the_decorator(self):
        def function(path: str, rows: int = 5):
            """Reads a file,
            and no more.

            path: Where it is
            """

        made = deed_plugin.Tool(function, "read", arguments={"rows": {"minimum": 1}}, roles={"path": "destination"})
        self.assertEqual(made.description, "Reads a file, and no more.")
        self.assertEqual(made.arguments["properties"],
                         {"path": {"type": "string", "description": "Where it is"}, "rows": {"type": "integer", "default": 5, "minimum": 1}})

    def test_are_refused_for_what_has_no_json(self):
        def function(x: set):
            pass

        self.assertRaises(TypeError, self.of, function)

    def test_need_an_effect_class_that_exists_and_roles_that_exist(self):
        def function(x: str):
            pass

        self.assertRaises(TypeError, lambda: deed_plugin.tool()(function))
        self.assertRaises(ValueError, deed_plugin.Tool, function, "safe")
        self.assertRaises(ValueError, deed_plugin.Tool, function, "read", roles={"x": "target"})
        self.assertRaises(ValueError, deed_plugin.Tool, function, "read", roles={"y": "text"})

    def test_hold_values_to_what_they_say(self):
        schema = {"type": "object", "required": ["a"], "additionalProperties": False,
                  "properties": {"a": {"type": "array", "items": {"type": "integer", "minimum": 1}}, "b": {"enum": [1, "x"]},
                                 "c": {"anyOf": [{"type": "null"}, {"type": "number"}]}}}
        for value in ({"a": []}, {"a": [1, 2], "b": "x", "c": None}, {"a": [], "c": 1.5}):
            self.assertIsNone(deed_plugin.check(value, schema), value)
        for value in ([], {}, {"a": 1}, {"a": [0]}, {"a": [True]}, {"a": ["1"]}, {"a": [], "b": 2}, {"a": [], "c": "x"}, {"a": [], "d": 1}):
            self.assertIsNotNone(deed_plugin.check(value, schema), value)


class Results(unittest.TestCase):
    def test_of_values(self):
        with Program() as program:
            text = program.call("value", {"kind": "text"})
            self.assertEqual((text["content"], text["isError"], outcome(text)), ([{"type": "text", "text": "plain"}], False, "succeeded"))
            self.assertNotIn("structuredContent", text)
            self.assertEqual(program.call("value", {"kind": "object"})["structuredContent"], {"a": 1})
            self.assertEqual(program.call("value", {"kind": "number"})["structuredContent"], {"result": 4})
            self.assertEqual(program.call("value", {"kind": "list"})["content"][0]["text"], "[1]")
            self.assertEqual(program.call("value", {"kind": "none"})["content"][0]["text"], "done")

    def test_of_what_is_no_json_or_no_utf8_leave_the_wire_whole(self):
        with Program() as program:
            self.assertEqual(program.call("value", {"kind": "broken"})["content"][0]["text"], "a?b")
            for kind in ("nan", "set"):
                self.assertEqual(outcome(program.call("value", {"kind": kind})), "failed_without_effect")
            self.assertEqual(program.call("value", {"kind": "input"})["content"][0]["text"], "done")

    def test_of_exceptions_follow_from_the_class_and_the_commit_point(self):
        with Program() as program:
            failed = program.call("value", {"kind": "raise"})
            self.assertEqual((outcome(failed), failed["isError"]), ("failed_without_effect", True))
            self.assertEqual(failed["content"][0]["text"], "no luck")
            self.assertEqual(failed["_meta"]["deed"]["hint"], "try again")
            self.assertEqual(outcome(program.call("careless", {})), "unknown")
            for how, expected in {"early": "failed_without_effect", "late": "unknown", "rejected": "rejected",
                                  "nothing": "failed_without_effect", "outcome": "unknown", "well": "succeeded"}.items():
                self.assertEqual(outcome(program.call("send", {"how": how})), expected, how)

    def test_of_wrong_arguments_are_without_effect(self):
        with Program() as program:
            for arguments in ({}, {"how": 1}, {"how": "well", "more": 1}, []):
                self.assertEqual(outcome(program.call("send", arguments)), "failed_without_effect", arguments)


class Contexts(unittest.TestCase):
    def test_hold_what_deed_knows_of_the_call(self):
        with Program() as program:
            self.assertEqual(program.call("send", {"how": "well"})["structuredContent"], {"key": "ab" * 32, "attempt": 2, "at": 5})

    def test_stop_before_the_effect_where_the_commit_point_is_refused(self):
        with Program() as program:
            program.begin("send", {"how": "late"})
            asked = program.hear()
            program.say({"id": asked["id"], "error": {"code": -32000, "message": "cancelled"}})
            result = program.hear()["result"]
            self.assertEqual(outcome(result), "failed_without_effect")
            self.assertIn("cancelled", result["content"][0]["text"])

    def test_ask_for_secrets(self):
        with Program() as program:
            program.begin("lend", {"name": "key"})
            asked = program.hear()
            self.assertEqual((asked["method"], asked["params"]), ("deed/secret", {"call": 7, "name": "key"}))
            program.say({"id": asked["id"], "result": {"value": "s3cret"}})
            self.assertEqual(program.hear()["result"]["content"][0]["text"], "s3cret")

    def test_carry_http_with_any_bytes(self):
        with Program() as program:
            program.begin("fetch", {})
            asked = program.hear()
            self.assertEqual(asked["params"], {"call": 7, "method": "POST", "url": "https://example.org/", "headers": {"A": "b"},
                                               "body_base64": "AHNlbnQ="})
            program.say({"id": asked["id"], "result": {"status": 201, "headers": {"x": "y"}, "body_base64": "AAE="}})
            self.assertEqual(program.hear()["result"]["structuredContent"], {"status": 201, "headers": {"x": "y"}, "body": [0, 1]})
            program.begin("fetch", {})
            asked = program.hear()
            program.say({"id": asked["id"], "result": {"status": 200, "headers": {}, "body": "é"}})
            self.assertEqual(program.hear()["result"]["structuredContent"]["body"], list("é".encode()))

    def test_tell_of_cancellation_and_progress_while_a_ping_is_answered(self):
        with Program() as program:
            program.begin("wait", {})
            self.assertEqual(program.hear(), {"jsonrpc": "2.0", "method": "notifications/progress",
                                              "params": {"progressToken": "t", "progress": 1, "message": "begun"}})
            program.say({"id": "p", "method": "ping"})
            self.assertEqual(program.hear(), {"jsonrpc": "2.0", "id": "p", "result": {}})
            program.say({"method": "notifications/cancelled", "params": {"requestId": 7}})
            self.assertEqual(program.hear()["result"]["content"][0]["text"], "stopped")

    def test_of_concurrent_tools_overlap(self):
        with Program() as program:
            for number in (1, 2, 3):
                program.begin("parallel", {"name": f"call {number}"}, number)
            asked = {heard["params"]["call"]: heard["id"] for heard in (program.hear(), program.hear(), program.hear())}
            for number in (3, 1, 2):
                program.say({"id": asked[number], "result": {"value": ""}})
                heard = program.hear()
                self.assertEqual((heard["id"], heard["result"]["content"][0]["text"]), (number, f"call {number}"))


class Previews(unittest.TestCase):
    def test_show_the_bytes_or_say_that_the_call_cannot_be_made(self):
        with Program() as program:
            program.begin("send", {"how": "well"}, method="deed/preview")
            self.assertEqual(program.hear()["result"],
                             {"bytes": "bytes of well", "summary": "well", "destinations": ["well"], "media_type": "text/plain"})
            program.begin("send", {"how": "early"}, method="deed/preview")
            self.assertEqual(program.hear()["error"], {"code": -32602, "message": "cannot be sent"})
            program.begin("send", {"how": "broken"}, method="deed/preview")
            self.assertEqual(program.hear()["error"], {"code": -32603, "message": "ValueError: no idea"})
            program.begin("careless", {}, method="deed/preview")
            self.assertEqual(program.hear()["error"]["code"], -32601)


class Probes(unittest.TestCase):
    def test_give_a_verdict_and_are_undecided_where_they_fail(self):
        with Program() as program:
            program.begin("asked", {"n": 1}, method="deed/probe", dispatched_at_ms=9)
            self.assertEqual(program.hear()["result"], {"verdict": "confirmed", "evidence": "1 at 9"})
            program.begin("asked", {"n": 0}, method="deed/probe")
            self.assertEqual(program.hear()["result"], {"verdict": "undecided", "evidence": "no line"})


class Wires(unittest.TestCase):
    def test_describe_the_program_and_its_tools(self):
        with Program() as program:
            program.say({"id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}})
            self.assertEqual(program.hear()["result"], {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                                                        "serverInfo": {"name": "sample", "version": "1.2"}})
            program.say({"method": "notifications/initialized"})
            program.say({"id": 2, "method": "tools/list"})
            tools = {tool["name"]: tool for tool in program.hear()["result"]["tools"]}
            self.assertEqual(tools["send"]["_meta"]["deed"],
                             {"effect": "once", "roles": {}, "examples": [], "flags": ["dispatches"], "preview": True})
            self.assertEqual(tools["asked"]["_meta"]["deed"]["probe"], True)

    def test_answer_what_is_wrong_and_go_on(self):
        with Program() as program:
            for line in (b"no json\n", b"[1]\n", b"\xff\xfe\n", b"\n"):
                program.write(line)
                self.assertEqual(program.hear()["error"]["code"], -32700)
            program.say({"id": 1, "method": "resources/list"})
            self.assertEqual(program.hear()["error"]["code"], -32601)
            program.begin("nobody", {})
            self.assertEqual(program.hear()["error"]["code"], -32602)
            program.say({"id": 3, "method": "tools/call", "params": [1]})
            self.assertEqual(program.hear()["error"]["code"], -32602)
            program.say({"method": "notifications/cancelled", "params": [1]})
            program.say({"method": "notifications/other"})
            program.say({"id": "unasked", "result": {}})
            program.say({"id": 2, "method": "ping", "params": None})
            self.assertEqual(program.hear()["result"], {})

    def test_carry_nothing_that_is_printed(self):
        with Program() as program:
            program.call("value", {"kind": "text"})
            code, out, log = program.close()
            self.assertEqual((code, out), (0, b""))
            self.assertIn("printed by the tool", log)
            self.assertIn("printed by a child", log)

    def test_end_when_the_input_ends_even_in_a_question(self):
        with Program() as program:
            program.begin("lend", {"name": "key"})
            program.hear()
            code, out, _ = program.close()
            self.assertEqual(code, 0)
            self.assertEqual(outcome(json.loads(out)["result"]), "failed_without_effect")

    def test_answer_every_call_before_they_end(self):
        with Program() as program:
            program.begin("parallel", {"name": None}, 1)
            program.begin("value", {"kind": "text"}, 2)
            _, out, _ = program.close()
            answered = [json.loads(line).get("id") for line in out.splitlines() if b'"result"' in line]
            self.assertEqual(sorted(answered), [1, 2])

    def test_refuse_two_tools_of_one_name(self):
        twice = textwrap.dedent("""
            from deed_plugin import *
            @tool(effect="pure")
            def a(): pass
            @tool(effect="pure", name="a")
            def b(): pass
            serve("twice", "1")
        """)
        with Program(twice) as program:
            code, _, log = program.close()
            self.assertNotEqual(code, 0)
            self.assertIn("two tools are called 'a'", log)


if __name__ == "__main__":
    unittest.main()
