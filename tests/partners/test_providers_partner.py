"""One run of three steps (fetch a page, write a file, send a mail) over every provider's own wire format. The model is aimock, which
speaks all of them and was written by nobody here; with its chaos switches on, no run is lost and no effect happens twice."""

import base64
import pathlib
import unittest

from partners import PROVIDERS, Aimock, Mailbox, Page, PartnerTest, Passing, provider

PRICES = "Prices of today: oak 120 EUR, pine 80 EUR.\n"
PATHS = {"chat": "/v1/chat/completions", "responses": "/v1/responses", "anthropic": "/v1/messages", "gemini": "GenerateContent",
         "ollama": "/api/chat"}

# Every byte there is behind the heads of a picture and a sound.
FILES = {"cat.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "word.wav": b"RIFF\x10\0\0\0WAVE" + bytes(range(256)) + b"!"}


def nodes(value):
    """The value and all that is in it."""
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from nodes(inner)


# What carries a file in each provider's own shape; each gives base64 for a dictionary that is one.
CARRIED = {
    "chat": {"cat.png": lambda n: n["image_url"]["url"].removeprefix("data:image/png;base64,") if n.get("type") == "image_url" else None,
             "word.wav": lambda n: n["input_audio"]["data"] if n.get("type") == "input_audio" and n["input_audio"]["format"] == "wav" else None},
    "responses": {"cat.png": lambda n: n["image_url"].removeprefix("data:image/png;base64,") if n.get("type") == "input_image" else None},
    "anthropic": {"cat.png": lambda n: n["source"]["data"] if n.get("type") == "image" and n["source"]["media_type"] == "image/png" else None},
    "gemini": {"cat.png": lambda n: n["data"] if n.get("mimeType") == "image/png" else None,
               "word.wav": lambda n: n["data"] if n.get("mimeType") == "audio/wav" else None},
    "ollama": {"cat.png": lambda n: n["images"][0] if n.get("images") else None},
}


class EveryProvider(PartnerTest):
    def begin(self, name, chaos=(), stream=True):
        self.page = self.server(Page(PRICES))
        self.mailbox = self.server(Mailbox())
        # Two calls at once; aimock takes each call of a Responses transcript for a turn of its own, so it gets one there.
        self.first = ["http.get"] if name == "responses" else ["http.get", "time.now"]
        both = [{"name": "http__get", "arguments": {"url": self.page.url}}, {"name": "time__now", "arguments": {}}]
        self.aimock = self.server(Aimock(self.folder, [
            {"toolCalls": both[:len(self.first)]},
            {"toolCalls": [{"name": "file__write", "arguments": {"path": "prices.txt", "content": PRICES}}]},
            {"toolCalls": [{"name": "email__send", "arguments": {
                "to": ["ann@example.org"], "subject": "Prices", "text": "Hello Ann, oak 120 EUR"}}]},
            {"content": "The prices are in prices.txt and on their way to Ann."},
        ], chaos))
        model, self.variables = provider(name, self.aimock.port)
        if not stream:
            self.variables["DEED_STREAM"] = "false"
        flags = ["--smtp", self.mailbox.url, "--allow-host", self.page.host, "--root", self.root, "--from", "deed@example.org",
                 "--yes", "--json", "--quiet"]
        self.arguments = ["run", "--model", model, *flags,
                          f"Get {self.page.url}, write what it says into prices.txt and mail it to ann@example.org."]
        self.resume = ["resume", "last", *flags]

    def assert_done_once(self, report):
        self.assertEqual(report["status"], "done", report)
        self.assertEqual([c["tool"] for c in report["calls"] if c["outcome"] == "succeeded"],
                         [*self.first, "file.write", "email.send"])
        self.assertEqual(report["text"], "The prices are in prices.txt and on their way to Ann.")
        with open(self.root + "/prices.txt", encoding="utf-8") as file:
            self.assertEqual(file.read(), PRICES)
        self.assertEqual(len(self.mailbox.mails), 1)

    def test_does_three_steps_over_each_wire_format(self):
        for name in PROVIDERS:
            for stream in (True, False):
                with self.subTest(provider=name, stream=stream):
                    self.setUp()
                    self.begin(name, stream=stream)
                    report = self.deed(*self.arguments)
                    self.assert_done_once(report)
                    if name == "chat":  # aimock counts tokens nowhere else
                        self.assertGreater(report["usage"]["input"], 0)
                    self.assertTrue(all(PATHS[name].lower() in e["path"].lower() for e in self.aimock.entries()))

    def test_loses_no_run_and_repeats_no_effect_while_the_server_misbehaves(self):
        for name in PROVIDERS:
            for switch in ("--chaos-drop", "--chaos-malformed", "--chaos-disconnect", "--chaos-ratelimit"):
                with self.subTest(provider=name, chaos=switch):
                    self.setUp()
                    self.begin(name, [switch, "0.3"])
                    report = self.deed(*self.arguments, expect=(0, 75))
                    # Out of order for longer than one process waits: the run stays, and goes on where it was.
                    for _ in range(20):
                        if report["status"] == "done":
                            break
                        report = self.deed(*self.resume, expect=(0, 75))
                    self.assert_done_once(report)

    def test_says_how_it_goes_on_where_no_model_answers(self):
        self.begin("anthropic", ["--chaos-drop", "1"])
        report = self.deed(*self.arguments, expect=75)
        self.assertEqual(report["status"], "paused")
        self.assertIn("no answer", report["reason"])

    def test_asks_the_next_model_of_a_chain_where_the_first_is_out_of_order(self):
        self.begin("chat")
        broken = self.server(Aimock(self.folder, [{"content": "never"}], ["--chaos-drop", "1"]))
        first, variables = provider("anthropic", broken.port)
        self.variables.update(variables)
        chain = first + ", " + self.arguments[2]
        self.assert_done_once(self.deed("run", "--model", chain, *self.arguments[3:]))
        self.assertGreaterEqual(len(broken.entries()), 3)

    def test_sees_a_picture_and_a_sound_byte_for_byte_where_it_takes_them(self):
        for name, shapes in CARRIED.items():
            with self.subTest(provider=name):
                self.setUp()
                for file, content in FILES.items():
                    pathlib.Path(self.root, file).write_bytes(content)
                aimock = self.server(Aimock(self.folder, [{"content": "A cat, and a word."}]))
                passing = self.server(Passing(aimock.port))
                model, self.variables = provider(name, passing.port)
                model = model.replace("gpt-4o", "a-model-that-hears")  # gpt-4o takes no sounds
                report = self.deed("run", "--model", model, "--json", "--quiet", "--attach", "cat.png", "--attach", "word.wav", "What is it?")
                self.assertEqual((report["status"], report["text"]), ("done", "A cat, and a word."))
                body, = passing.bodies
                found = {file: [shape(n) for n in nodes(body) if isinstance(n, dict) and shape(n)] for file, shape in shapes.items()}
                self.assertEqual({file: [base64.b64decode(data, validate=True) for data in datas] for file, datas in found.items()},
                                 {file: [FILES[file]] for file in shapes})
                if "word.wav" not in shapes:  # named to the model, and no byte of it sent
                    self.assertIn("word.wav", str(body))
                    self.assertNotIn(base64.b64encode(FILES["word.wav"]).decode()[:40], str(body))


if __name__ == "__main__":
    unittest.main()
