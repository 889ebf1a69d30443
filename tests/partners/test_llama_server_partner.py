"""llama-server, a server of chat completions, Responses and Anthropic's Messages with a real (small) model behind it, over each of its
routes: plain answers, tool calls, structured replies, replies that are cut, and prompts that do not fit. What the model says is not judged;
what must hold whatever it says is."""

import json
import pathlib
import unittest

from partners import LlamaServer, PartnerTest, Passing

# How the command is told to speak each route, and the route; PORT stands for the server's.
ROUTES = {
    "chat": ("http://127.0.0.1:PORT/v1#smollm2", {}, "/v1/chat/completions"),
    "responses": ("openai-responses:smollm2", {"OPENAI_BASE_URL": "http://127.0.0.1:PORT/v1"}, "/v1/responses"),
    "anthropic": ("anthropic:smollm2", {"ANTHROPIC_BASE_URL": "http://127.0.0.1:PORT"}, "/v1/messages"),
}
REQUIRED = {"chat": "required", "responses": "required", "anthropic": {"type": "any"}}
MAX_TOKENS = {"chat": "max_tokens", "responses": "max_output_tokens", "anthropic": "max_tokens"}
# Some two thousand tokens of it are the tools of a run.
WINDOW = 4096
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}


FOX = "the quick brown fox jumps over the lazy dog "


def name_of(tool):
    return tool.get("function", tool)["name"]


def shortened(route, body):
    """So that a small model does not go on and on."""
    return {**body, MAX_TOKENS[route]: 24}


class LlamaTest(PartnerTest):
    flags = ()

    @classmethod
    def setUpClass(cls):
        cls.llama = LlamaServer(WINDOW, *cls.flags)

    @classmethod
    def tearDownClass(cls):
        cls.llama.close()

    def on_each_route(self, check):
        """check(route, stream), in a home and a folder of its own."""
        for route in ROUTES:
            for stream in (True, False):
                with self.subTest(route=route, stream=stream):
                    self.setUp()
                    check(route, stream)

    def model(self, route, stream, change=lambda number, body: body):
        """The name of the model on the route, behind a server that keeps what was said; the command's variables are set for it."""
        self.passing = self.server(Passing(self.llama.port, change))
        name, variables, _ = ROUTES[route]
        self.variables = {key: value.replace("PORT", str(self.passing.port)) for key, value in variables.items()}
        self.variables["DEED_STREAM"] = "true" if stream else "false"
        return name.replace("PORT", str(self.passing.port))

    def run_on(self, route, stream, words, change=lambda number, body: body, expect=0, more=()):
        report = self.deed("run", "--model", self.model(route, stream, change), "--root", self.root, "--json", "--quiet", *more, words,
                           expect=expect)
        self.assertEqual(set(self.passing.paths), {ROUTES[route][2]})
        self.assertEqual({body["stream"] for body in self.passing.bodies}, {stream})
        return report

    def events(self, kind):
        return [e["body"] for e in self.deed("show", "last", "--json")["events"] if e["kind"] == kind]


class Routes(LlamaTest):
    def test_answer_alike(self):
        texts = set()
        # A prompt that is read anew and one that the server still has in its cache are computed in batches of other sizes, and differ in
        # their last digits: enough for another word. So the server is let read it once; after that each route finds it there.
        self.run_on("chat", True, "Say hello in one short sentence.")

        def check(route, stream):
            report = self.run_on(route, stream, "Say hello in one short sentence.")
            self.assertEqual(report["status"], "done")
            self.assertEqual(len(self.passing.bodies), 1)
            self.assertGreater(report["usage"]["input"], 500)
            self.assertEqual(report["usage"]["cached"], report["usage"]["input"] - 1)
            self.assertGreater(report["usage"]["output"], 0)
            texts.add(report["text"])

        self.on_each_route(check)
        # The same weights, the same prompt, no chance: whatever the route, deed reads the same.
        self.assertEqual(len(texts), 1)
        self.assertTrue(texts.pop().strip())

    def test_call_a_tool_and_get_its_result(self):
        def check(route, stream):
            def must_search(number, body):
                if number > 0:
                    return shortened(route, body)
                tools = [tool for tool in body["tools"] if name_of(tool) == "memory__search"]
                self.assertEqual(len(tools), 1)
                return {**body, "tools": tools, "tool_choice": REQUIRED[route], **LlamaServer.MUST_CALL}

            report = self.run_on(route, stream, "Look up oak prices.", must_search, expect=(0, 1, 3, 5), more=("--max-steps", "3"))
            call = report["calls"][0]
            self.assertEqual((call["tool"], call["outcome"]), ("memory.search", "succeeded"))
            self.assertTrue(call["arguments"]["query"])
            first = self.events("model.replied")[0]["reply"]
            self.assertEqual(first["stop"], "tool_calls")
            self.assertGreater(first["usage"]["output"], 0)
            self.assertEqual(self.events("tool.proposed")[0]["tool_call"]["arguments"], call["arguments"])
            # The server took the result of the call, whatever the model made of it.
            self.assertGreaterEqual(len(self.passing.bodies), 2)
            self.assertEqual(set(self.passing.statuses), {200})

        self.on_each_route(check)

    def evaluate(self, route, stream, row, tokens):
        model = self.model(route, stream)
        rows = pathlib.Path(self.root, "rows.jsonl")
        rows.write_text(json.dumps(row) + "\n")
        report = self.deed("eval", str(rows), "--models", model, "--max-tokens", str(tokens), "--json", expect=(0, 1))
        return report["models"][0]["rows"][0]

    def test_give_json_of_a_schema_or_say_that_they_did_not(self):
        row = {"id": 1, "request": "What is the capital of France? Answer with a JSON object.", "schema": CITY}

        def check(route, stream):
            answer = self.evaluate(route, stream, row, 48)
            if route == "chat":  # the only route on which this server heeds a schema
                self.assertEqual(answer["status"], "passed", answer)
                self.assertEqual(len(self.passing.bodies), 1)
            if answer["status"] == "passed":
                self.assertEqual(list(json.loads(answer["text"])), ["city"])
            else:
                self.assertIn("schema", json.dumps(answer["problems"]))

        self.on_each_route(check)

    def test_say_of_a_reply_that_it_was_cut(self):
        row = {"id": 1, "request": "Count from one to a hundred in words.", "expect": {"contains": "one hundred"}}

        def check(route, stream):
            answer = self.evaluate(route, stream, row, 20)
            self.assertEqual((answer["stop"], answer["status"], answer["tokens"]["output"]), ("length", "failed", 20), answer)

        self.on_each_route(check)

    def test_are_asked_again_with_less_where_a_prompt_does_not_fit(self):
        def check(route, stream):
            self.run_on(route, stream, "What does the fox do? " + FOX * 300, lambda number, body: shortened(route, body), expect=(0, 1))
            self.assertEqual(self.passing.statuses, [400, 200])
            self.assertEqual([failure["kind"] for failure in self.events("model.failed")], ["limit"])
            whole, half = [asked["estimated_tokens"] for asked in self.events("model.requested")]
            self.assertLessEqual(half, whole / 2)
            self.assertEqual(len(self.events("model.replied")), 1)

        self.on_each_route(check)

    def test_are_asked_no_more_where_half_of_it_does_not_fit_either(self):
        def check(route, stream):
            report = self.run_on(route, stream, "What does the fox do? " + FOX * 1200, expect=1)
            self.assertEqual(report["status"], "paused")
            self.assertIn("exceeds the available context size", report["reason"])
            self.assertIn("larger context window", report["hint"])
            self.assertEqual(self.passing.statuses, [400, 400])
            self.assertEqual([failure["kind"] for failure in self.events("model.failed")], ["limit", "limit"])

        self.on_each_route(check)


class FirstTokenIsHalfACharacter(LlamaTest):
    """This server leaves out the beginning of an Anthropic stream where its first token is only a part of a character."""

    flags = ("--grammar", 'root ::= "👋 Hello."')

    def test_answer_alike(self):
        def check(route, stream):
            row = {"id": 1, "request": "Hello!", "expect": {"equals": "👋 Hello."}}
            rows = pathlib.Path(self.root, "rows.jsonl")
            rows.write_text(json.dumps(row) + "\n")
            report = self.deed("eval", str(rows), "--models", self.model(route, stream), "--max-tokens", "40", "--json")
            self.assertEqual(report["models"][0]["passed"], 1)

        self.on_each_route(check)

if __name__ == "__main__":
    unittest.main()
