"""The official clients of OpenAI, Anthropic and Google judge our fakes: each recorded answer in tests/data, served as its provider would,
is streamed or parsed by the client, must be valid by the client's own types, and must mean to it what NAME.reply.json says. The other way
round, what the command asks for must be valid by the types that the clients have for requests."""

import collections.abc
import http.server
import json
import pathlib
import sys
import threading
import typing
import unittest

from partners import PYTHON_LIB, PartnerTest, provider

if not PYTHON_LIB.exists():
    raise AssertionError("the official clients are not installed: run tests/partners/install_python_partners.sh")
sys.path.insert(0, str(PYTHON_LIB))

import anthropic  # noqa: E402
import anthropic.types.message_create_params as message_params  # noqa: E402
import openai  # noqa: E402
import openai.types.chat.completion_create_params as completion_params  # noqa: E402
import openai.types.responses.response_create_params as response_params  # noqa: E402
from anthropic.types import RawMessageStreamEvent  # noqa: E402
from google import genai  # noqa: E402
from google.genai import types as gemini  # noqa: E402
from openai.types.chat import ChatCompletion, ChatCompletionChunk  # noqa: E402
from openai.types.responses import Response, ResponseStreamEvent  # noqa: E402
from pydantic import TypeAdapter, ValidationError  # noqa: E402

DATA = pathlib.Path(__file__).parents[1] / "data"

# Recordings of habits and of what is not known yet, which an official client does not read, or not so.
NOT_READ = {
    "chat/gemini_calls_without_ids.sse": "all calls have the index 0: the client takes them for one",
    "chat/ollama_whole_calls.sse": "all calls have the index 0: the client takes them for one",
    "responses/empty_final_output.sse": "the output of the final response is empty: the client wants what the events told",
    "responses/only_in_done_events.sse": "there are no events that an item or a part begins",
    "gemini/array_of_chunks.json": "the answer to a request without alt=sse, which the client does not make",
    "gemini/unknown_parts.sse": "there is a comment, which the client takes for a whole answer",
}
# Recordings that are not valid by the client's types.
NOT_VALID = {
    "chat/openrouter_arguments_object.sse": "the arguments of a call are an object",
    "anthropic/unknown_events.sse": "there is a kind of delta that is not known yet",
    "gemini/array_of_chunks.json": "an array of answers",
    "gemini/unknown_parts.sse": "there are members that are not known yet",
}


def recordings():
    """(path, the reply that it means) of each recording, also of those that are excepted."""
    for folder in READERS:
        for reply in sorted((DATA / folder).glob("*.reply.json")):
            name = reply.name[:-len(".reply.json")]
            path = next(p for p in (DATA / folder / f"{name}.sse", DATA / folder / f"{name}.json") if p.exists())
            yield path, json.loads(reply.read_text(encoding="utf-8"))


def named(path):
    return f"{path.parent.name}/{path.name}"


def events_of(path):
    """The JSON values of a recording: of its data lines, or the one document."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return [json.loads(text)]
    events, data = [], []
    for line in [*text.splitlines(), ""]:
        if line.startswith("data:"):
            data.append(line[5:])
        elif not line and data:
            events.append("\n".join(data).strip())
            data = []
    return [json.loads(event) for event in events if event != "[DONE]"]


class Replay:
    """Answers POST after POST with the recordings, the last one for ever, and keeps the bodies of the requests."""

    def __init__(self, *paths):
        replay = self
        self.bodies, waiting = [], list(paths)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                replay.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                path = waiting.pop(0) if len(waiting) > 1 else waiting[0]
                body = path.read_bytes()
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream; charset=utf-8" if path.suffix == ".sse" else "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.close()


def call(name, arguments):
    """As in NAME.reply.json; the dot of a tool's name is two underscores on the wire."""
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            arguments = {}
    return {"name": name.replace("__", "."), "arguments": arguments or {}}


def reading(text, calls, stop):
    return {"text": text, "tool_calls": calls, "stop": "tool_calls" if calls and stop == "end" else stop}


# What a recording means to a client.

def read_chat(url, streamed):
    client = openai.OpenAI(base_url=url + "/v1", api_key="key", max_retries=0)
    request = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}
    if streamed:
        with client.chat.completions.stream(**request) as stream:
            try:
                completion = stream.get_final_completion()
            except openai.LengthFinishReasonError as cut:
                completion = cut.completion
    else:
        completion = client.chat.completions.create(**request)
    choice = completion.choices[0]
    message = choice.message
    calls = [call(c.function.name, c.function.arguments) for c in message.tool_calls or []]
    stop = {"stop": "end", "tool_calls": "tool_calls", "length": "length", "content_filter": "refused"}[choice.finish_reason]
    return reading(message.content or message.refusal or "", calls, "refused" if message.refusal else stop)


def read_responses(url, streamed):
    client = openai.OpenAI(base_url=url + "/v1", api_key="key", max_retries=0)
    request = {"model": "m", "input": "Hello"}
    if streamed:
        with client.responses.stream(**request) as stream:
            response = next(event.response for event in stream if event.type in ("response.completed", "response.incomplete"))
    else:
        response = client.responses.create(**request)
    calls = [call(item.name, item.arguments) for item in response.output if item.type == "function_call"]
    refusals = [part.refusal for item in response.output if item.type == "message" for part in item.content if part.type == "refusal"]
    stop = {"completed": "end", "incomplete": "length"}[response.status]
    return reading(response.output_text or "".join(refusals), calls, "refused" if refusals else stop)


def read_anthropic(url, streamed):
    client = anthropic.Anthropic(base_url=url, api_key="key", max_retries=0)
    request = {"model": "m", "max_tokens": 1024, "messages": [{"role": "user", "content": "Hello"}]}
    if streamed:
        with client.messages.stream(**request) as stream:
            message = stream.get_final_message()
    else:
        message = client.messages.create(**request)
    text = "".join(block.text for block in message.content if block.type == "text")
    calls = [call(block.name, block.input) for block in message.content if block.type == "tool_use"]
    stop = {"end_turn": "end", "pause_turn": "end", "stop_sequence": "end", "tool_use": "tool_calls", "max_tokens": "length",
            "refusal": "refused"}[message.stop_reason]
    if stop == "refused" and not text:
        text = message.stop_details.explanation
    return reading(text, calls, stop)


def read_gemini(url, streamed):
    client = genai.Client(api_key="key", http_options={"base_url": url})
    request = {"model": "gemini-m", "contents": "Hello"}
    if streamed:
        chunks = list(client.models.generate_content_stream(**request))
    else:
        chunks = [client.models.generate_content(**request)]
    first = [chunk.candidates[0] for chunk in chunks if chunk.candidates]
    parts = [part for candidate in first if candidate.content for part in candidate.content.parts or []]
    calls = [call(part.function_call.name, part.function_call.args) for part in parts if part.function_call]
    for chunk in chunks:
        if chunk.prompt_feedback:
            return reading("The prompt was blocked: " + chunk.prompt_feedback.block_reason.value, [], "refused")
    reason = next(candidate.finish_reason for candidate in reversed(first) if candidate.finish_reason).value
    stop = {"STOP": "end", "MAX_TOKENS": "length", "SAFETY": "refused"}[reason]
    if stop == "refused":
        return reading("The reply was stopped: " + reason, [], stop)
    return reading("".join(part.text for part in parts if part.text and not part.thought), calls, stop)


READERS = {"chat": read_chat, "responses": read_responses, "anthropic": read_anthropic, "gemini": read_gemini}


# The client's type of a whole answer, and of an event of a stream: one for all, or one of a union by its "type".
ANSWERS = {"chat": ChatCompletion, "responses": Response, "anthropic": anthropic.types.Message, "gemini": gemini.GenerateContentResponse}
EVENTS = {"chat": [ChatCompletionChunk], "responses": typing.get_args(typing.get_args(ResponseStreamEvent)[0]),
          "anthropic": typing.get_args(typing.get_args(RawMessageStreamEvent)[0]), "gemini": [gemini.GenerateContentResponse]}


def mistakes_in(folder, event, streamed):
    """What the client's type of the event has against it; nothing of an event that it does not know, which clients pass over."""
    if not streamed:
        judges = [ANSWERS[folder]]
    else:
        judges = [judge for judge in EVENTS[folder] if "type" not in judge.model_fields or
                  event.get("type") in typing.get_args(judge.model_fields["type"].annotation)]
    try:
        for judge in judges:
            judge.model_validate(event)
    except ValidationError as error:
        return [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:3]]
    return []


class Recordings(unittest.TestCase):
    maxDiff = None

    def means(self, path, reply):
        """What the recording is to the client, and what it should be."""
        calls = [{"name": c["name"], "arguments": c["arguments"]} for c in reply["tool_calls"]]
        with Replay(path) as server:
            return READERS[path.parent.name](server.url, path.suffix == ".sse"), reading(reply["text"], calls, reply["stop"])

    @staticmethod
    def mistakes(path):
        return [f"{mistake} in {json.dumps(event)[:300]}" for event in events_of(path)
                for mistake in mistakes_in(path.parent.name, event, path.suffix == ".sse")]

    def test_mean_to_the_official_client_what_stands_beside_them(self):
        for path, reply in recordings():
            if named(path) not in NOT_READ:
                with self.subTest(recording=named(path)):
                    self.assertEqual(*self.means(path, reply))

    def test_are_valid_by_the_types_of_the_official_client(self):
        for path, _ in recordings():
            if named(path) not in NOT_VALID:
                with self.subTest(recording=named(path)):
                    self.assertEqual(self.mistakes(path), [])

    def test_are_excepted_only_where_the_client_does_not_read_them(self):
        excepted = {named(path): (path, reply) for path, reply in recordings() if named(path) in NOT_READ}
        self.assertEqual(set(excepted), set(NOT_READ))
        for name, (path, reply) in excepted.items():
            with self.subTest(recording=name):
                try:
                    meant, expected = self.means(path, reply)
                except Exception:  # whatever a client raises
                    continue
                self.assertNotEqual(meant, expected)

    def test_are_excepted_only_where_they_are_not_valid(self):
        excepted = {named(path): path for path, _ in recordings() if named(path) in NOT_VALID}
        self.assertEqual(set(excepted), set(NOT_VALID))
        for name, path in excepted.items():
            with self.subTest(recording=name):
                self.assertNotEqual(self.mistakes(path), [])


# What a request is by the client's types, and the recordings that make the command call tools twice and then end.
REQUESTS = {
    "chat": (completion_params.CompletionCreateParamsStreaming, ["chat/vllm_reasoning_calls.sse", "chat/openai_text.sse"]),
    "responses": (response_params.ResponseCreateParamsStreaming,
                  ["responses/parallel_calls.sse", "responses/empty_final_output.sse", "responses/text.sse"]),
    "anthropic": (message_params.MessageCreateParamsStreaming,
                  ["anthropic/parallel_calls.sse", "anthropic/redacted_and_interleaved.sse", "anthropic/text.sse"]),
    "gemini": (None, ["gemini/parallel_calls_without_ids.sse", "gemini/document.json", "gemini/text.sse"]),
}
# The members of a body of Gemini's, which as a whole has no type.
GEMINI_BODY = {"contents": list[gemini.Content], "systemInstruction": gemini.Content, "tools": list[gemini.Tool],
               "toolConfig": gemini.ToolConfig, "generationConfig": gemini.GenerationConfig}
A_PICTURE = bytes.fromhex("89504e470d0a1a0a0000000d494844520000000100000001080200000090"
                          "7753de0000000c4944415408d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082")


def all_of(value):
    """The value with its iterators read: what is validated as an Iterable is validated only then."""
    if isinstance(value, dict):
        return {key: all_of(member) for key, member in value.items()}
    if isinstance(value, str) or not isinstance(value, collections.abc.Iterable):
        return value
    return [all_of(member) for member in value]


class Requests(PartnerTest):
    maxDiff = None

    def ask(self, name):
        """The bodies of a run with a picture, tool calls and their results."""
        _, answers = REQUESTS[name]
        server = self.server(Replay(*[DATA / answer for answer in answers]))
        model, self.variables = provider(name, server.port)
        for file, content in (("a.txt", b"one"), ("b.txt", b"two"), ("picture.png", A_PICTURE)):
            (pathlib.Path(self.root) / file).write_bytes(content)
        report = self.deed("run", "--model", model, "--root", self.root, "--json", "--quiet", "--yes", "--attach", "picture.png",
                           "Look at this picture and read a.txt and b.txt.")
        self.assertEqual(report["status"], "done", report)
        self.assertEqual(len(server.bodies), len(answers), report)
        return server.bodies

    def assert_has_type(self, name, body):
        if name == "gemini":
            self.assertLessEqual(set(body), set(GEMINI_BODY))
            for key, member in body.items():
                TypeAdapter(GEMINI_BODY[key]).validate_python(member)
            return
        judge = TypeAdapter(REQUESTS[name][0])  # has to outlive the iterators that it returns
        # A typed dictionary passes over what it does not know, so what is lost is not known.
        self.assertEqual(all_of(judge.validate_python(body)), body)

    def test_are_what_the_official_client_has_types_for(self):
        for name in REQUESTS:
            with self.subTest(provider=name):
                self.setUp()
                for body in self.ask(name):
                    self.assert_has_type(name, body)
                    with self.assertRaises((AssertionError, ValidationError)):
                        self.assert_has_type(name, {**body, "not_a_member": 1})


if __name__ == "__main__":
    unittest.main()
