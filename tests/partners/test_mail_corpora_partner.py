"""Python's email package as the judge of how deed reads mail: the mails of the tests of Python, enmime and mail-parser, many of them broken.
Every mail is read, and what both find is compared. Prints the share that agrees.

Where they differ was looked at, mail by mail; the floors below leave room for that and no more. deed reads a header on where Python ends it
at a name with a blank; it reads bytes without a charset, or with one that lies, as UTF-8 or windows-1252, where Python drops them; it takes
no address without a domain; of several fields To it reads all; a text file that is shown inline is an attachment."""

import collections
import datetime
import email
import email.policy
import json
import os
import pathlib
import re
import subprocess
import unittest

CORPORA = (pathlib.Path(os.environ.get("DEED_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "deed")
           / "partners/mail-corpora")
READER = os.environ["DEED_READ_MAILS"]
FLOORS = {"subject": 0.97, "from": 0.96, "to": 0.97, "message_id": 0.99, "date": 0.99, "attachments": 0.99, "text": 0.94}


def shown(text):
    """Without what deed takes out, or either side replaces."""
    text = re.sub("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u00ad\x00-\x1f\x7f-\xa0]", " ", text).replace("\ufffd", "")
    return re.sub(r"\s+", " ", text).strip()


def addresses(field):
    return [address.addr_spec for address in field.addresses] if field else []


def utc(field):
    if not field or not field.datetime:
        return None
    return field.datetime.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def is_file(part):
    if part.get_content_maintype() == "multipart":
        return False
    return part.get_content_type() not in ("text/plain", "text/html") or part.is_attachment() or bool(part.get_filename())


def leaves(part):
    """Without what is in an attached mail."""
    if part.get_content_maintype() != "multipart":
        return [part]
    return [leaf for child in part.iter_parts() for leaf in leaves(child)]


def plain_text(mail):
    part = mail.get_body(("plain",))
    return shown(part.get_content()) if part else None


QUESTIONS = {
    "subject": lambda mail: shown(str(mail["subject"] or "")),
    "from": lambda mail: addresses(mail["from"]),
    "to": lambda mail: addresses(mail["to"]),
    "message_id": lambda mail: str(mail["message-id"] or "").strip(),
    "date": lambda mail: utc(mail["date"]),
    "attachments": lambda mail: sum(is_file(leaf) for leaf in leaves(mail)),
    "text": plain_text,
}


def agrees(question, theirs, ours):
    if question == "subject":
        return theirs == shown(ours)
    if question == "attachments":
        return theirs == len(ours)
    if question == "text":  # deed also takes the texts behind the first
        return theirs in shown(ours)
    return theirs == ours


class MailCorpora(unittest.TestCase):
    def setUp(self):
        self.files = sorted(path for path in CORPORA.rglob("*") if path.is_file())
        self.assertGreater(len(self.files), 200, "the mails are missing: run tests/partners/install_mail_corpora.sh")
        done = subprocess.run([READER, *map(str, self.files)], capture_output=True, text=True, timeout=300, check=True)
        self.found = [json.loads(line) for line in done.stdout.splitlines()]

    def test_every_mail_is_read(self):
        self.assertEqual(len(self.found), len(self.files))
        self.assertEqual([line for line in self.found if "error" in line], [])

    def test_what_python_reads_deed_reads_the_same(self):
        same, all_of, differences = collections.Counter(), collections.Counter(), collections.defaultdict(list)
        for path, ours in zip(self.files, self.found):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for question, ask in QUESTIONS.items():
                try:
                    theirs = ask(mail)
                except (LookupError, AttributeError, ValueError, TypeError, IndexError):
                    continue  # Python's own faults with broken mails
                if theirs is None and question == "text":
                    continue
                all_of[question] += 1
                if agrees(question, theirs, ours[question]):
                    same[question] += 1
                else:
                    differences[question].append(str(path.relative_to(CORPORA)))
        for question, floor in FLOORS.items():
            print(f"{question}: {same[question]} of {all_of[question]} agree; {' '.join(differences[question])}")
            self.assertGreaterEqual(same[question] / all_of[question], floor, f"{question}: {differences[question]}")


if __name__ == "__main__":
    unittest.main()
