"""Reads mails with Python's email package and holds what it finds against what was meant.

read_mails.py FOLDER    N.eml is a mail, N.json what it was made of; prints every difference, and ends with 1 if there is one.
"""
import base64
import email
import email.header
import email.policy
import email.utils
import json
import pathlib
import re
import sys

MAX_IDS, MAX_ID_BYTES = 40, 8000


def lf(text):
    """Any line ends to LF, and the last line ended: what a mail can keep of a text."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else text + "\n"


def ascii_domain(address):
    local, _, domain = address.rpartition("@")
    return local + "@" + domain.encode("idna").decode()


def display_name(raw):
    """Of the sender. The newer parser of Python 3.11 puts a blank between two encoded words of a name, against RFC 2047, section 6.2; the
    older one does not."""
    name, _ = email.utils.parseaddr(email.message_from_string(raw.decode())["from"])
    return str(email.header.make_header(email.header.decode_header(name)))


def thread(ids, parent):
    """What References has to be: naively, from the rule."""
    kept = list(dict.fromkeys(i for i in ids if i != parent)) + ([parent] if parent else [])
    while len(kept) > MAX_IDS or (len(kept) > 1 and sum(map(len, kept)) > MAX_ID_BYTES):
        del kept[1]
    return kept


class Check:
    def __init__(self, name, policy):
        self.name, self.policy, self.errors = name, policy, []

    def equal(self, what, found, meant):
        if found != meant:
            self.errors.append(f"{self.name} ({self.policy}): {what}: {found!r:.300} instead of {meant!r:.300}")

    def true(self, what, holds):
        self.equal(what, bool(holds), True)


def check_bytes(check, raw, is_utf8):
    check.true("ends with CRLF", raw.endswith(b"\r\n"))
    lines = raw.split(b"\r\n")
    check.true("CRLF only", all(b"\r" not in line and b"\n" not in line for line in lines))
    check.true("no NUL", b"\0" not in raw)
    check.true("lines of at most 998 bytes", max(map(len, lines)) <= 998)
    if not is_utf8:
        check.true("ASCII", raw.isascii())
    head = raw.partition(b"\r\n\r\n")[0]
    for word in re.findall(rb"=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=", head):
        check.true("encoded words of at most 75 bytes", len(word) <= 75)
    for line in head.split(b"\r\n"):
        # What is one word cannot be folded.
        check.true(f"short header lines: {line[:80]}", len(line) <= 78 or line.count(b" ") <= 1)
        check.true("no header line of blanks", line.strip())


def addresses(message, name):
    header = message[name]
    return [a.addr_spec for a in header.addresses] if header else []


def check_headers(check, raw, message, meant, is_utf8):
    check.equal("subject", message["subject"], meant["subject"])
    sender = message["from"].addresses
    check.equal("one sender", len(sender), 1)
    check.equal("sender", sender[0].addr_spec, ascii_domain(meant["from"]))
    check.equal("sender's name", display_name(raw), meant["from_name"])
    words = len(re.findall(rb"=\?utf-8\?", re.search(rb"(?m)^From:[^\r]*(\r\n [^\r]*)*", raw)[0]))
    if words < 2:
        check.equal("sender's name", sender[0].display_name, meant["from_name"])
    for name in "to", "cc", "reply_to":
        found = addresses(message, name.replace("_", "-"))
        check.equal(name, found, [ascii_domain(a) for a in meant[name]])
    check.equal("in-reply-to", (message["in-reply-to"] or "").strip(), meant["in_reply_to"])
    check.equal("references", (message["references"] or "").split(), thread(meant["references"], meant["in_reply_to"]))
    check.equal("auto-submitted", message["auto-submitted"] or "", meant["auto_submitted"])
    link = meant["unsubscribe"]
    check.equal("unsubscribe", (message["list-unsubscribe"] or "").strip(), f"<{link}>" if link else "")
    post = "List-Unsubscribe=One-Click" if link.startswith("https:") else None
    check.equal("one click", message["list-unsubscribe-post"], post)
    check.true("message id", re.fullmatch(r"<[0-9a-f]{32}@[a-z0-9.-]+>", message["message-id"].strip()))
    for name, value in message.items():
        defects = [type(d).__name__ for d in getattr(value, "defects", ())]
        # Allowed by RFC 6532, where the mail is sent with SMTPUTF8.
        check.equal(f"defects of {name}", [d for d in defects if not (is_utf8 and d == "NonASCIILocalPartDefect")], [])
    for name in {n.lower() for n in message.keys()}:
        check.equal(f"one {name}", len(message.get_all(name)), 1)


def check_parts(check, message, meant):
    parts = [p for p in message.walk() if not p.is_multipart()]
    for part in message.walk():
        check.equal("defects", [repr(d) for d in part.defects], [])
    # get_content gives text with the line ends of the mail or of the encoding.
    def content(part):
        return part.get_content().replace("\r\n", "\n")
    files = {f["name"]: base64.b64decode(f["base64"]) for f in meant["files"]}
    shown = {}
    seen = []
    bodies = {}
    for part in parts:
        if part.get_content_disposition() is None:
            check.true("one of each form", part.get_content_type() not in bodies)
            bodies[part.get_content_type()] = part
            continue
        name = part.get_filename()
        seen.append(name)
        data = part.get_payload(decode=True)
        check.equal(f"bytes of {name}", data, files.get(name))
        if part.get_content_disposition() == "inline":
            shown[part["content-id"].strip("<> ")] = name
    check.equal("files", sorted(seen), sorted(files))
    check.equal("text", content(bodies["text/plain"]), lf(meant["text"]))
    if meant["html"]:
        def name_of(match):
            return 'src="cid:' + "".join(c if c in "abcdefghijklmnopqrstuvwxyz0123456789." else "".join(f"%{b:02X}" for b in c.encode())
                                         for c in shown.get(match[1], "?")) + '"'
        html = re.sub(r'src="cid:([^"]*)"', name_of, content(bodies["text/html"]))
        check.equal("html", html, lf(meant["html"]))
        check.equal("inline parts", len(shown), meant["html"].count('src="cid:'))
        check.true("the reader's best form is the html", message.get_body(("html",)) is bodies["text/html"])
    check.true("the reader's plain form is the text", message.get_body(("plain",)) is bodies["text/plain"])
    if "invite.ics" in files:
        calendar = bodies["text/calendar"]
        method = re.search(rb"METHOD:(\w+)", files["invite.ics"])[1].decode()
        check.equal("method", calendar.get_param("method"), method)
        check.equal("calendar", content(calendar), lf(files["invite.ics"].decode()))
    check.equal("forms", len(bodies), 1 + bool(meant["html"]) + ("invite.ics" in files))
    if shown:
        related = [p for p in message.walk() if p.get_content_type() == "multipart/related"]
        check.equal("related parts", [p.get_param("type") for p in related], ["text/html"])


def read(folder, number):
    raw = (folder / f"{number}.eml").read_bytes()
    meant = json.loads((folder / f"{number}.json").read_text(encoding="utf-8"))
    is_utf8 = not all(a.rpartition("@")[0].isascii() for a in [meant["from"], *meant["to"], *meant["cc"], *meant["reply_to"]])
    errors = []
    policies = {"default": email.policy.default, "SMTP": email.policy.SMTPUTF8 if is_utf8 else email.policy.SMTP}
    for name, policy in policies.items():
        check = Check(f"{number}.eml", name)
        check_bytes(check, raw, is_utf8)
        message = email.message_from_string(raw.decode(), policy=policy) if is_utf8 else email.message_from_bytes(raw, policy=policy)
        check_headers(check, raw, message, meant, is_utf8)
        check_parts(check, message, meant)
        errors += check.errors
    return errors


def main():
    folder = pathlib.Path(sys.argv[1])
    numbers = sorted(int(p.stem) for p in folder.glob("*.eml"))
    errors = [e for n in numbers for e in read(folder, n)]
    if errors:
        print(*errors, sep="\n")
        sys.exit(1)
    print(len(numbers), "mails are as they were meant")


if __name__ == "__main__":
    main()
