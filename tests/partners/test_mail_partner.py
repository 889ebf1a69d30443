"""The embedded model sends a mail through servers that no one here wrote: once, and byte for byte what the preview showed."""

import email
import email.policy
import hashlib
import unittest

from partners import MAILPIT, MODELS, Mailbox, Mailpit, PartnerTest

REQUEST = 'Send an email to ann@example.org with the subject "Prices" and the text "Oak costs 120 euros today."'


class EmbeddedModel(PartnerTest):
    def setUp(self):
        super().setUp()
        self.assertTrue(MODELS.is_dir(), "the embedded model is not installed: run tests/partners/run.sh")

    def send(self, server):
        report = self.deed("run", "--smtp", server.url, "--from", "deed@example.org", "--root", self.root, "--yes", "--json",
                           REQUEST)
        self.assertEqual(report["status"], "done")
        self.assertEqual([(c["tool"], c["outcome"]) for c in report["calls"]], [("email.send", "succeeded")])
        mails = server.mails
        self.assertEqual(len(mails), 1)
        sender, recipients, content = mails[0]
        self.assertEqual((sender, recipients), ("deed@example.org", ["ann@example.org"]))
        preview = self.mail_preview()
        self.assertEqual(content, preview["bytes"].encode())
        self.assertEqual(hashlib.sha256(content).hexdigest(), preview["sha256"])
        message = email.message_from_bytes(content, policy=email.policy.default)
        self.assertEqual(message["To"], "ann@example.org")
        self.assertEqual(message["Subject"], "Prices")
        self.assertIn("Oak costs 120 euros today.", message.get_body(("plain",)).get_content())

    def test_sends_through_aiosmtpd(self):
        self.send(self.server(Mailbox()))

    @unittest.skipUnless(MAILPIT.exists(), "mailpit is not installed (it needs Go 1.23 or newer)")
    def test_sends_through_mailpit(self):
        self.send(self.server(Mailpit()))


if __name__ == "__main__":
    unittest.main()
