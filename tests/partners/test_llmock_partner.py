"""llmock breaks its answers on demand and judges the client: whether it waits as long as it was told, asks again what may pass and only
that, and takes no half of a stream for the whole."""

import os
import unittest

from partners import Llmock, PartnerTest, provider

# Wire format of each provider that it has and deed speaks, and the path below which it is.
FORMATS = ("chat", "responses", "anthropic", "gemini")
COVERED = {"chat": ("chat", ""), "responses": ("responses", ""), "anthropic": ("anthropic", "/anthropic"), "gemini": ("gemini", "/gemini"),
           "mistral": ("chat", "/mistral"), "groq": ("chat", "/groq/openai"), "together": ("chat", "/together"), "xai": ("chat", "/xai"),
           "perplexity": ("chat", "/perplexity")}


class Judged(PartnerTest):
    @classmethod
    def setUpClass(cls):
        cls.llmock = Llmock("--response-style", "static", "--tool-mode", "off")

    @classmethod
    def tearDownClass(cls):
        cls.llmock.close()

    def ask(self, name, expect=0):
        model, self.variables = provider(COVERED[name][0], self.llmock.port, COVERED[name][1])
        os.makedirs(self.home + "/deed", exist_ok=True)
        with open(self.home + "/deed/config.toml", "w", encoding="utf-8") as file:
            scheme = model.split(":")[0].split("-")[0]
            file.write(f"[providers.{scheme}]\nidle_timeout_s = 1\n")
        self.variables["XDG_CONFIG_HOME"] = self.home
        return self.deed("run", "--model", model, "--json", "--quiet", "Say hello.", expect=expect)

    def judge(self, name, *behaviors, expect=0, faults=None):
        with self.subTest(provider=name, behaviors=behaviors):
            self.llmock.behave(*behaviors)
            report = self.ask(name, expect)
            code, text = self.llmock.report()
            self.assertEqual(code, 0, text)
            verdict = self.llmock.verdict()
            self.assertTrue(verdict["passed"], text)
            # A stream that the server had sent to its end before it could see that nobody reads on counts as read; the second call shows
            # that it was not taken.
            found = [f for f in verdict["findings"] if f["code"] != "malformed_chunk_ignored" or verdict["calls"] < 2]
            self.assertEqual(found, [], text)
            self.assertEqual(verdict["faults_injected"], len(behaviors) if faults is None else faults, text)
            return report

    def test_passes_where_nothing_is_broken(self):
        for name in COVERED:
            self.assertEqual(self.judge(name)["status"], "done")

    def test_asks_again_after_errors_that_pass_and_waits_as_it_is_told(self):
        for name in FORMATS:
            for status in (408, 409, 429, 503):
                self.judge(name, {"type": "fail", "status": status, "retry_after": 1})
            self.judge(name, {"type": "fail", "status": 500, "times": 2}, faults=2)

    def test_does_not_ask_again_after_errors_that_stay(self):
        for name in FORMATS:
            for status in (400, 401, 403, 404, 422):
                report = self.judge(name, {"type": "fail", "status": status}, expect=(1, 3))
                self.assertEqual(report["status"], "paused")

    def test_takes_no_broken_stream_for_a_whole_one(self):
        for name in FORMATS:
            for kind in ("truncate", "disconnect", "malformed", "stall"):
                for chunks in (0, 2):
                    self.assertEqual(self.judge(name, {"type": "stream_fault", "kind": kind, "after_chunks": chunks})["status"], "done")
        for name in COVERED:
            self.assertEqual(self.judge(name, {"type": "stream_fault", "kind": "truncate", "after_chunks": 1})["status"], "done")


if __name__ == "__main__":
    unittest.main()
