#!/usr/bin/env python3
"""csv.read: rows of a CSV file, a page at a time."""
import csv
import itertools
import os
import stat

from deed_plugin import Error, serve, tool

MAX_CELL = 1 << 17
MAX_BYTES = 1 << 20
SAMPLE = 1 << 16


def open_text(path):
    """A regular file as text: UTF-8 with or without a mark, else Windows-1252. Bytes that are neither become U+FFFD."""
    try:
        file = open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except OSError as error:
        raise Error(f"cannot open {path}: {error.strerror}") from error
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise Error(f"{path} is no file")
        encoding = "utf-8-sig" if is_utf8(file) else "cp1252"
    return open(path, encoding=encoding, errors="replace", newline="")


def is_utf8(file):
    """Whether the first bytes are: a letter that the end of the sample cuts is no fault."""
    sample = file.read(SAMPLE)
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True


def delimiter_of(file):
    """The one of , ; tab and | that stands most often in the first line outside of quotes."""
    outside = file.readline(SAMPLE).split('"')[::2]
    file.seek(0)
    return max(",;\t|", key=lambda one: sum(part.count(one) for part in outside))


def names_of(header):
    """Names of columns, each once: a second "sum" is "sum_2"."""
    names, seen = [], {}
    for number, name in enumerate(header, 1):
        name = name.strip() or f"column_{number}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return names


@tool(effect="read", roles={"path": "destination"}, concurrent=True,
      arguments={"path": {"format": "path"}, "start": {"minimum": 0}, "rows": {"minimum": 1, "maximum": 5000},
                 "delimiter": {"minLength": 1, "maxLength": 1}},
      examples=["Show me the first rows of sales.csv", "Read customers.csv"])
def read(path: str, start: int = 0, rows: int = 50, header: bool = True, delimiter: str = ""):
    """Reads rows of a CSV file, a page at a time. `next` is the start of the next page, null at the end.

    path: The file
    start: How many rows to leave out
    rows: How many rows to give at most
    header: Whether the first line names the columns
    delimiter: Found by itself when missing
    """
    csv.field_size_limit(MAX_CELL)
    with open_text(path) as file:
        lines = csv.reader(file, delimiter=delimiter or delimiter_of(file), strict=False)
        try:
            columns = names_of(next(lines, [])) if header else None
            return {"columns": columns, **page_of(lines, start, rows)}
        except csv.Error as error:
            raise Error(f"{path}, line {lines.line_num}: {error}") from error


def page_of(lines, start, rows):
    """`rows` rows from `start` on, empty lines aside, and at most MAX_BYTES of them."""
    page, size = [], 0
    filled = (row for row in lines if row)
    for row in itertools.islice(filled, start, None):
        size += sum(map(len, row)) + 4 * len(row)
        if len(page) == rows or (page and size > MAX_BYTES):
            return {"rows": page, "next": start + len(page)}
        page.append(row)
    return {"rows": page, "next": None}


if __name__ == "__main__":
    serve("csv", "1.0.0")
