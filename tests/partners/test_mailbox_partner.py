"""A mail whose connection is cut at its end, through a server that no one here wrote: what became of it is found out in the
mailbox, without a person, and it is there once."""

import json
import os
import unittest

from partners import CuttingProxy, GreenMail, PartnerTest


class CutMail(PartnerTest):
    def setUp(self):
        super().setUp()
        self.greenmail = self.server(GreenMail())
        os.makedirs(os.path.join(self.home, ".config/deed"))
        with open(os.path.join(self.home, ".config/deed/config.toml"), "w") as file:
            file.write(f'[imap]\nurl = "imap://ann:secret@127.0.0.1:{self.greenmail.imap}"\nmailbox = "INBOX"\n'
                       "authoritative = true\nsettle_s = 2\n")

    def send(self, cut):
        proxy = self.server(CuttingProxy(self.greenmail.smtp, cut))
        mail = {"to": ["ann@example.org"], "subject": "Prices", "text": "Oak costs 120 euros today."}
        report = self.deed("tools", "call", "email.send", json.dumps(mail), "--smtp", proxy.url, "--from", "deed@example.org",
                           "--yes", "--json")
        self.assertEqual(proxy.cuts, 1)
        self.assertEqual(report["status"], "done")
        self.assertEqual(report["calls"][0]["result"]["accepted"], ["ann@example.org"])
        self.assertEqual(report["calls"][0]["parts"], {"ann@example.org": "succeeded"})
        mails = self.greenmail.mails
        self.assertEqual(len(mails), 1)
        self.assertIn(report["calls"][0]["result"]["message_id"].encode(), mails[0])
        return self.deed("show", "last", "--json")["events"]

    def about(self, events, kind):
        return [e["body"] for e in events if e["kind"] == kind]

    def test_cut_behind_the_end_it_is_found_and_not_sent_again(self):
        events = self.send("after")
        self.assertEqual([b["verdict"] for b in self.about(events, "effect.probed")], ["confirmed"])
        self.assertEqual(len(self.about(events, "effect.dispatched")), 1)

    def test_cut_before_the_end_it_is_not_found_and_sent_again(self):
        events = self.send("before")
        self.assertEqual([b["verdict"] for b in self.about(events, "effect.probed")], ["refuted"])
        self.assertEqual(len(self.about(events, "effect.dispatched")), 2)
        self.assertEqual(self.about(events, "effect.reconciled"), [])

    def test_the_check_goes_through_both_servers_and_leaves_no_mail(self):
        found = self.deed("mail", "check", "--smtp", f"smtp://127.0.0.1:{self.greenmail.smtp}", "--from", "ann@example.org", "--json")
        self.assertEqual([(c["check"], c["ok"]) for c in found["checks"]], [("smtp", True), ("imap", True)])
        self.assertEqual(self.greenmail.mails, [])


if __name__ == "__main__":
    unittest.main()
