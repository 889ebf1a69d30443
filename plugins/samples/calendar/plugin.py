#!/usr/bin/env python3
"""calendar.ics: writes an invitation as a file. Source: RFC 5545 (iCalendar), RFC 5546 section 3.2.2 (REQUEST)."""
import contextlib
import datetime
import os
import re
import zoneinfo
from typing import List, Optional

from deed_plugin import Context, Preview, Rejected, WithoutEffect, serve, tool

MAX_LINE = 75  # bytes, without the line break: RFC 5545, 3.1


def fold(line):
    """A content line as bytes: continued by a line break and a space, no letter cut in two."""
    out, size = [], 0
    for letter in line:
        encoded = letter.encode("utf-8")
        if size + len(encoded) > MAX_LINE:
            out.append(b"\r\n ")
            size = 1
        out.append(encoded)
        size += len(encoded)
    return b"".join(out) + b"\r\n"


def escape(text):
    """A value of the type TEXT (3.3.11). Control characters other than line breaks and tabs are left out."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", text)
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def person(kind, address, **parameters):
    """ORGANIZER or ATTENDEE: `Ann Example <ann@example.org>` or an address alone."""
    found = re.fullmatch(r"\s*(?:(.*?)\s*<)?([^\s<>\"@:;,\\\x00-\x1f\x7f]+@[^\s<>\"@:;,\\\x00-\x1f\x7f]+)>?\s*", address)
    if not found or (found[1] is not None) != address.rstrip().endswith(">"):
        raise Rejected(f"this is no mail address: {address}")
    name = re.sub(r"[\x00-\x1f\x7f\"]", "", found[1] or "").strip()
    named = [f'CN="{name}"'] if name else []
    return ";".join([kind] + named + [f"{key}={value}" for key, value in parameters.items()]) + f":mailto:{found[2]}"


def moment(text, zone):
    """An ISO 8601 time as UTC. Without an offset it is one of `zone`."""
    try:
        time = datetime.datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text))
    except ValueError as error:
        raise Rejected(f"this is no time: {text}", "write 2026-03-01T14:00, with +01:00 or a time zone") from error
    if time.tzinfo is None:
        if not zone:
            raise Rejected(f"{text} says no offset, and there is no time zone", "add time_zone, such as Europe/Berlin")
        try:
            time = time.replace(tzinfo=zoneinfo.ZoneInfo(zone))
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise Rejected(f"there is no time zone {zone}", "a name such as Europe/Berlin") from error
    return time.astimezone(datetime.timezone.utc)


def stamp(time):
    return time.strftime("%Y%m%dT%H%M%SZ")


def invitation(ctx, summary, start, end, time_zone, organizer, attendees, location, description):
    """The file: the same bytes for every attempt at a call, since time and name of the event come from the call."""
    begin, finish = moment(start, time_zone), moment(end, time_zone)
    if finish <= begin:
        raise Rejected(f"it ends at {end}, which is not after {start}")
    made = datetime.datetime.fromtimestamp(ctx.proposed_at_ms // 1000, datetime.timezone.utc)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//deed//calendar 1.0//EN"]
    lines += ["METHOD:REQUEST" if attendees else "METHOD:PUBLISH", "BEGIN:VEVENT", f"UID:{ctx.effect_key[:32] or 'preview'}@deed"]
    lines += [f"DTSTAMP:{stamp(made)}", f"DTSTART:{stamp(begin)}", f"DTEND:{stamp(finish)}", "SUMMARY:" + escape(summary)]
    if location:
        lines.append("LOCATION:" + escape(location))
    if description:
        lines.append("DESCRIPTION:" + escape(description))
    if organizer:
        lines.append(person("ORGANIZER", organizer))
    elif attendees:
        raise Rejected("an invitation needs an organizer", "the address of whoever invites")
    lines += [person("ATTENDEE", one, ROLE="REQ-PARTICIPANT", PARTSTAT="NEEDS-ACTION", RSVP="TRUE") for one in attendees]
    lines += ["SEQUENCE:0", "STATUS:CONFIRMED", "END:VEVENT", "END:VCALENDAR"]
    return b"".join(fold(line) for line in lines)


def write_once(ctx, path, content):
    """The file appears whole or not at all, and replaces nothing. What another attempt wrote is what this one would write."""
    folder, name = os.path.split(path)
    part = os.path.join(folder, f".{name}.{ctx.effect_key[:16]}.part")
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        ctx.dispatching()
        os.link(part, path)
    except FileExistsError as error:
        with open(path, "rb") as there:
            if there.read(len(content) + 1) != content:
                raise Rejected(f"there is a file {path} already", "choose another name") from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(part)


@tool(effect="idempotent", dispatches=True, harmless=True, trusted=True,
      roles={"path": "destination", "summary": "text", "description": "text", "location": "text", "start": "value", "end": "value"},
      arguments={"path": {"format": "path", "examples": ["meeting.ics"]}, "summary": {"minLength": 1},
                 "start": {"examples": ["2026-03-01T14:00+01:00"]}, "end": {"examples": ["2026-03-01T15:00+01:00"]},
                 "time_zone": {"examples": ["Europe/Berlin"]}, "organizer": {"examples": ["Bob <bob@example.org>"]}},
      examples=["Invite ann@example.org to a meeting on Monday at 10", "Make a calendar file for the workshop"])
def ics(ctx: Context, path: str, summary: str, start: str, end: str, time_zone: Optional[str] = None, organizer: Optional[str] = None,
        attendees: List[str] = [], location: Optional[str] = None, description: Optional[str] = None):
    """Writes an invitation as a calendar file, which can be attached to a mail. Never replaces a file.

    path: The file to write, such as meeting.ics
    summary: What the event is called
    start: When it begins, such as 2026-03-01T14:00 or 2026-03-01T14:00+01:00
    end: When it ends
    time_zone: For times without an offset, such as Europe/Berlin
    organizer: The address of whoever invites, such as Bob <bob@example.org>
    attendees: The addresses of whoever is invited
    location: Where it is
    description: What it is about
    """
    if not path.endswith(".ics"):
        raise Rejected(f"{path} does not end in .ics", "mail programs go by the ending")
    content = invitation(ctx, summary, start, end, time_zone, organizer, attendees, location, description)
    try:
        write_once(ctx, path, content)
    except OSError as error:
        raise WithoutEffect(f"cannot write {path}: {error.strerror}") from error  # a link is made or not
    return {"path": path, "bytes": len(content)}


@ics.preview
def preview(ctx: Context, path: str, summary: str, start: str, end: str, time_zone: Optional[str] = None, organizer: Optional[str] = None,
            attendees: List[str] = [], location: Optional[str] = None, description: Optional[str] = None):
    content = invitation(ctx, summary, start, end, time_zone, organizer, attendees, location, description)
    return Preview(content.decode("utf-8"), f"write {path}: {summary}", [path], "text/calendar")


if __name__ == "__main__":
    serve("calendar", "1.0.0")
