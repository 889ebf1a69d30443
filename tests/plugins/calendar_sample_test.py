"""calendar.ics, read back by a reader of RFC 5545 of its own."""
import os
import re
import unittest

import sample

calendar = sample.load()


class Call:
    """A Context without deed."""

    def __init__(self, key="ab" * 32, refuses=False):
        self.effect_key, self.proposed_at_ms, self.attempt, self.is_dispatched = key, 1772000000123, 1, False
        self.refuses = refuses

    def dispatching(self):
        if self.refuses:
            raise calendar.WithoutEffect("refused")
        self.is_dispatched = True


EVENT = {"path": "a.ics", "summary": "Talk", "start": "2026-03-02T10:00", "end": "2026-03-02T10:30", "time_zone": "Europe/Berlin",
         "organizer": "bob@example.org", "attendees": ["Ann Example <ann@example.org>"]}


def lines_of(content):
    """Unfolded content lines."""
    assert content.endswith(b"\r\n") and b"\n" not in content.replace(b"\r\n", b""), "lines end in CR LF and nowhere else"
    assert all(len(line) <= 75 for line in content.split(b"\r\n")), "75 bytes at most"
    for line in content.split(b"\r\n"):
        line.decode("utf-8")  # no letter is cut
    return content.replace(b"\r\n ", b"").decode("utf-8").split("\r\n")[:-1]


def unescape(text):
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "N": "\n"}.get(found[1], found[1]), text)


class Writing(sample.InAFolder):
    def write_event(self, call=None, **more):
        arguments = {key: value for key, value in {**EVENT, **more}.items() if value is not None}
        calendar.ics(call or Call(), **arguments)
        with open(arguments["path"], "rb") as file:
            return lines_of(file.read())

    def value(self, name, **more):
        return next(line.split(":", 1)[1] for line in self.write_event(path=f"{len(os.listdir())}.ics", **more) if re.match(name + "[:;]", line))

    def test_gives_an_invitation_with_times_in_utc(self):
        self.assertEqual(self.write_event(), [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//deed//calendar 1.0//EN", "METHOD:REQUEST", "BEGIN:VEVENT",
            "UID:" + "ab" * 16 + "@deed", "DTSTAMP:20260225T061320Z", "DTSTART:20260302T090000Z", "DTEND:20260302T093000Z", "SUMMARY:Talk",
            "ORGANIZER:mailto:bob@example.org",
            'ATTENDEE;CN="Ann Example";ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ann@example.org',
            "SEQUENCE:0", "STATUS:CONFIRMED", "END:VEVENT", "END:VCALENDAR"])

    def test_gives_an_entry_where_nobody_is_invited(self):
        lines = self.write_event(attendees=[], organizer=None)
        self.assertIn("METHOD:PUBLISH", lines)

    def test_knows_offsets_zones_and_summer_time(self):
        for start, zone, expected in (("2026-07-01T10:00", "Europe/Berlin", "20260701T080000Z"), ("2026-07-01T10:00-05:00", None, "20260701T150000Z"),
                                      ("2026-07-01T10:00:30Z", None, "20260701T100030Z"), ("2026-07-01T10:00", "Asia/Kolkata", "20260701T043000Z")):
            self.assertEqual(self.value("DTSTART", start=start, end="2026-07-02T10:00Z", time_zone=zone), expected)

    def test_keeps_every_text_through_escaping_and_folding(self):
        for text in ("a,b;c\\d\ne", "€" * 100, "x" * 1000, "a\r\nEND:VEVENT\rb", "\\n", "tab\tand \U0001F600" * 30, "a" * 66 + "é"):
            got = unescape(self.value("DESCRIPTION", description=text))
            self.assertEqual(got, text.replace("\r\n", "\n").replace("\r", "\n"))
        self.assertEqual(self.value("SUMMARY", summary="a\x00\x07b"), "ab")

    def test_rejects_what_is_no_address_so_that_no_line_gets_in(self):
        for address in ("ann", "ann@", "@example.org", "a@b\r\nX:y", "a@b;c", 'a"@b', "a b@c", "<a@b", "a@b>", "Ann a@b", "a@b@c", "a:b@c", ""):
            self.assertRaises(calendar.Rejected, calendar.ics, Call(), **{**EVENT, "attendees": [address]})
        self.assertIn('ATTENDEE;CN="x;y:z";', "\n".join(self.write_event(attendees=['"x;y:z" <a@b.org>'])))
        self.assertRaises(calendar.Rejected, calendar.ics, Call(), **{**EVENT, "organizer": None, "path": "b.ics"})

    def test_rejects_what_is_no_time(self):
        for more in ({"start": "tomorrow"}, {"time_zone": None}, {"time_zone": "Europe/Nowhere"}, {"time_zone": "../../etc/passwd"},
                     {"end": "2026-03-02T10:00"}, {"end": "2026-03-02T09:00"}):
            arguments = {key: value for key, value in {**EVENT, **more}.items() if value is not None}
            self.assertRaises(calendar.Rejected, calendar.ics, Call(), **arguments)
        self.assertEqual(os.listdir(), [])

    def test_writes_the_same_bytes_for_each_attempt_and_the_preview_shows_them(self):
        self.write_event()
        with open("a.ics", "rb") as file:
            first = file.read()
        again = Call()
        again.attempt = 2
        self.write_event(again)
        with open("a.ics", "rb") as file:
            self.assertEqual(file.read(), first)
        shown = calendar.preview(Call(), **EVENT)
        self.assertEqual((shown.bytes.encode("utf-8"), shown.media_type, shown.destinations), (first, "text/calendar", ["a.ics"]))
        self.assertEqual(os.listdir(), ["a.ics"])

    def test_writes_calendar_files_only(self):
        for path in ("a.txt", "ics", ""):
            self.assertRaises(calendar.Rejected, calendar.ics, Call(), **{**EVENT, "path": path})
        self.assertEqual(os.listdir(), [])

    def test_replaces_no_file(self):
        self.write("a.ics", "mine")
        self.assertRaises(calendar.Rejected, calendar.ics, Call(), **EVENT)
        with open("a.ics", "rb") as file:
            self.assertEqual(file.read(), b"mine")
        os.symlink("nowhere", "b.ics")
        self.assertRaises((calendar.Rejected, calendar.WithoutEffect), calendar.ics, Call(), **{**EVENT, "path": "b.ics"})
        self.assertEqual(sorted(os.listdir()), ["a.ics", "b.ics"])

    def test_leaves_nothing_behind_where_the_commit_point_is_refused(self):
        self.assertRaises(calendar.WithoutEffect, calendar.ics, Call(refuses=True), **EVENT)
        self.assertRaises(calendar.WithoutEffect, calendar.ics, Call(), **{**EVENT, "path": "no/such/folder/a.ics"})
        self.assertEqual(os.listdir(), [])


if __name__ == "__main__":
    unittest.main()
