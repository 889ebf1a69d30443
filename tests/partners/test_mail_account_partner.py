"""A whole account at servers that no one here wrote: mail is sent and its copy kept, found, read, answered in its thread, moved, put aside as a
draft, and what came back is joined to the run that had sent it."""

import email
import email.policy
import imaplib
import json
import os
import unittest

from partners import GreenMail, PartnerTest

BOUNCE = """From: MAILER-DAEMON@example.org
To: ann@example.org
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It did not arrive.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org

Final-Recipient: rfc822; nobody@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: text/rfc822-headers

Message-ID: {id}
Subject: Prices

--b--
"""


class Account(PartnerTest):
    def setUp(self):
        super().setUp()
        self.greenmail = self.server(GreenMail())
        os.makedirs(os.path.join(self.home, ".config/deed"))
        with open(os.path.join(self.home, ".config/deed/config.toml"), "w") as file:
            file.write(f'[mail.work.smtp]\nurl = "smtp://ann:secret@127.0.0.1:{self.greenmail.smtp}"\nfrom = "ann@example.org"\n'
                       'from_name = "Ann Müller"\n'
                       f'[mail.work.imap]\nurl = "imap://ann:secret@127.0.0.1:{self.greenmail.imap}"\n')
        self.imap = imaplib.IMAP4("127.0.0.1", self.greenmail.imap)
        self.imap.login("ann", "secret")
        for folder in ("Sent", "Drafts", "Archive"):
            self.imap.create(folder)

    def tearDown(self):
        self.imap.logout()
        super().tearDown()

    def call(self, tool, *more, expect=0, **arguments):
        report = self.deed("tools", "call", tool, json.dumps(arguments), "--account", "work", "--json", "--allow", "email.*:*@example.org",
                           "--allow", "email.move:Archive", *more, expect=expect)
        return report["calls"][0]["result"]

    def ends_well(self, *arguments):
        process = self.start(*arguments)
        _, talk = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, talk)

    def mails_in(self, folder):
        self.imap.select(folder, readonly=True)
        numbers = self.imap.search(None, "ALL")[1][0].split()
        return [email.message_from_bytes(self.imap.fetch(n, "(BODY.PEEK[])")[1][0][1], policy=email.policy.default) for n in numbers]

    def test_goes_out_and_back(self):
        sent = self.call("email.send", to=["ann@example.org"], bcc=["bob@example.org"], subject="Prices für Eiche", text="Oak costs 120 €.")
        self.assertEqual(sent["accepted"], ["ann@example.org", "bob@example.org"])
        self.assertEqual(sent["copy"], "Sent")
        (copy,) = self.mails_in("Sent")
        self.assertEqual((copy["Message-ID"], copy["Bcc"], copy["From"].addresses[0].display_name),
                         (sent["message_id"], "bob@example.org", "Ann Müller"))
        (arrived,) = self.mails_in("INBOX")
        self.assertIsNone(arrived["Bcc"])

        found = self.call("email.search", subject="eiche", unread=True)["mails"]
        self.assertEqual([m["from"] for m in found], ["ann@example.org"])
        mail = found[0]["id"]
        read = self.call("email.read", id=mail)
        self.assertEqual((read["text"].strip(), read["subject"], read["message_id"]), ("Oak costs 120 €.", "Prices für Eiche", sent["message_id"]))
        self.assertEqual(len(self.call("email.list", unread=True)["mails"]), 1, "reading marks nothing")

        self.call("email.mark", id=mail, **{"as": "read"})
        self.assertEqual(self.call("email.list", unread=True)["mails"], [])

        # An answer to a mail of one's own goes where that went.
        self.call("email.reply", "--draft", id=mail, text="Too much.")
        (draft,) = self.mails_in("Drafts")
        self.assertEqual((draft["In-Reply-To"], draft["References"], draft["Subject"]),
                         (sent["message_id"], sent["message_id"], "Re: Prices für Eiche"))
        self.assertEqual(len(self.mails_in("INBOX")), 1, "a draft is not sent")

        self.call("email.move", id=mail, folder="Archive")
        self.assertEqual((len(self.mails_in("INBOX")), len(self.mails_in("Archive"))), (0, 1))
        self.call("email.read", id=mail, expect=1)

        self.imap.append("INBOX", None, None, BOUNCE.format(id=sent["message_id"]).replace("\n", "\r\n").encode())
        (bounce,) = self.call("email.bounces")["bounces"]
        self.assertEqual(bounce["recipients"][0] | {"diagnostic": ""},
                         {"address": "nobody@example.org", "action": "failed", "status": "5.1.1", "diagnostic": ""})
        runs = self.deed("runs", "--json")["runs"]
        sending = [r["run"] for r in runs if "email.send" in json.dumps(r)]
        self.assertEqual(bounce["run"], sending[0])

    def test_answers_a_stranger_in_the_thread(self):
        self.imap.append("INBOX", None, None, b"From: Bob <bob@example.org>\r\nTo: ann@example.org\r\nSubject: Tea\r\n"
                         b"Message-ID: <tea@example.org>\r\nReferences: <root@example.org>\r\n\r\nAt five?\r\n")
        mail = self.call("email.list")["mails"][0]["id"]
        self.call("email.read", id=mail)
        done = self.call("email.reply", id=mail, text="Yes.")
        self.assertEqual(done["accepted"], ["bob@example.org"])
        (copy,) = self.mails_in("Sent")
        self.assertEqual((copy["In-Reply-To"], copy["References"]), ("<tea@example.org>", "<root@example.org> <tea@example.org>"))

    def test_watching_wakes_a_task_for_each_new_mail_once(self):
        with open(os.path.join(self.root, "note.yaml"), "w") as file:
            file.write("deed: 1\nname: note\ninputs: {mail: {type: string}}\nsteps:\n  - {id: read, tool: email.read, with: {id: '{{inputs.mail}}'}}\n"
                       "  - {id: note, tool: file.append, with: {path: notes.txt, content: '{{steps.read.out.subject}};'}}\n")
        watch = ("watch", "mail", os.path.join(self.root, "note.yaml"), "--once", "--account", "work", "--root", self.root, "--quiet")
        self.imap.append("INBOX", None, None, b"From: a@example.org\r\nSubject: old\r\n\r\nx\r\n")
        self.ends_well(*watch)
        for subject in (b"one", b"two"):
            self.imap.append("INBOX", None, None, b"From: a@example.org\r\nSubject: " + subject + b"\r\n\r\nx\r\n")
        for _ in range(2):
            self.ends_well(*watch)
        with open(os.path.join(self.root, "notes.txt")) as file:
            self.assertEqual(file.read(), "one;two;")


if __name__ == "__main__":
    unittest.main()
