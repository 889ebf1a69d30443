"""A run of three steps (fetch a page, write a file, send a mail) whose model is aimock, a server that no one here wrote:
to its end, and killed at three instants."""

import hashlib
import unittest

from partners import Aimock, Mailbox, Page, PartnerTest

PRICES = "Prices of today: oak 120 EUR, pine 80 EUR.\n"


class ThreeSteps(PartnerTest):
    def begin(self, page_hold=False, mail_hold=None):
        self.page = self.server(Page(PRICES, page_hold))
        self.mailbox = self.server(Mailbox(mail_hold))
        self.aimock = self.server(Aimock(self.folder, [
            {"toolCalls": [{"name": "http__get", "arguments": {"url": self.page.url}}]},
            {"toolCalls": [{"name": "file__write", "arguments": {"path": "prices.txt", "content": PRICES}}]},
            {"toolCalls": [{"name": "email__send", "arguments": {
                "to": ["ann@example.org"], "subject": "Prices – today", "text": "Hello Ann,\n.\noak 120 €\n"}}]},
            {"content": "The prices are in prices.txt and on their way to Ann."},
        ]))
        self.request = (f"Get {self.page.url}, write what it says into prices.txt and mail it to ann@example.org "
                        "with the subject \"Prices – today\".")
        self.flags = ["--smtp", self.mailbox.url, "--allow-host", self.page.host, "--root", self.root,
                      "--from", "deed@example.org", "--yes", "--json"]

    def run_arguments(self):
        return ["run", "--model", self.aimock.model, *self.flags, self.request]

    def resume(self, expect=0):
        return self.deed("resume", "last", *self.flags, expect=expect)

    def assert_done_once(self, report):
        self.assertEqual(report["status"], "done")
        self.assertEqual([c["tool"] for c in report["calls"]], ["http.get", "file.write", "email.send"])
        self.assertEqual([c["outcome"] for c in report["calls"]], ["succeeded"] * 3)
        self.assertEqual(report["text"], "The prices are in prices.txt and on their way to Ann.")
        with open(self.root + "/prices.txt", encoding="utf-8") as file:
            self.assertEqual(file.read(), PRICES)
        self.assertEqual(len(self.mailbox.mails), 1)
        sender, recipients, content = self.mailbox.mails[0]
        self.assertEqual((sender, recipients), ("deed@example.org", ["ann@example.org"]))
        preview = self.mail_preview()
        self.assertEqual(content, preview["bytes"].encode())
        self.assertEqual(hashlib.sha256(content).hexdigest(), preview["sha256"])

    def test_fetches_writes_and_sends_once(self):
        self.begin()
        self.assert_done_once(self.deed(*self.run_arguments()))
        self.assertEqual(self.page.paths, ["/prices"])

    def test_gives_the_results_back_to_the_model(self):
        self.begin()
        self.deed(*self.run_arguments())
        requests = self.aimock.requests()
        self.assertEqual(len(requests), 4)
        self.assertEqual([r["stream"] for r in requests], [True] * 4)
        results = [m for m in requests[3]["messages"] if m["role"] == "tool"]
        self.assertEqual(len(results), 3)
        self.assertIn("oak 120 EUR", results[0]["content"])
        calls = [c["id"] for m in requests[3]["messages"] for c in m.get("tool_calls") or []]
        self.assertEqual([m["tool_call_id"] for m in results], calls)

    def test_sends_each_turn_as_the_turn_before_and_more(self):
        self.begin()
        self.deed(*self.run_arguments())
        requests = self.aimock.requests()
        for before, after in zip(requests, requests[1:]):
            self.assertEqual(after["messages"][:len(before["messages"])], before["messages"])
            self.assertEqual(after["tools"], before["tools"])

    def test_goes_on_after_it_was_killed_while_it_fetched_the_page(self):
        self.begin(page_hold=True)
        process = self.start(*self.run_arguments())
        self.page.wait_until_held()
        self.kill(process)
        self.page.go_on.set()
        self.assert_done_once(self.resume())
        # What the model had said before is not asked for again.
        self.assertEqual(len(self.aimock.requests()), 4)

    def test_sends_the_mail_once_after_it_was_killed_before_the_message_was_handed_over(self):
        self.begin(mail_hold="RCPT")
        process = self.start(*self.run_arguments())
        self.mailbox.wait_until_held()
        self.kill(process)
        self.mailbox.handler.hold = None
        self.assert_done_once(self.resume())

    def test_never_sends_the_mail_again_when_it_was_killed_before_the_verdict(self):
        self.begin(mail_hold="DATA")
        process = self.start(*self.run_arguments())
        self.mailbox.wait_until_held()
        self.kill(process)
        self.mailbox.handler.hold = None
        report = self.resume(expect=4)
        self.assertEqual(report["status"], "unknown")
        self.assertEqual(len(self.mailbox.mails), 1)
        # A second look changes nothing either; the operator's word does.
        self.resume(expect=4)
        self.assertEqual(len(self.mailbox.mails), 1)
        self.assert_done_once(self.deed("reconcile", "last", "--done", *self.flags))


if __name__ == "__main__":
    unittest.main()
