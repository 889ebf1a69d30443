#!/usr/bin/env python3
"""Writes the CSV files of this folder with Python's csv module, and beside each the same rows as JSON Lines."""
import csv
import io
import json
import pathlib
import random

HERE = pathlib.Path(__file__).parent
PARTS = ["", "a", "b c", " ", '"', '""', ",", ";", "\t", "\n", "\r", "\r\n", "\n\n", "'", "\\", "é", "€", "日本", "🙂", "0", "-1.5"]
DIALECTS = {
    "minimal-crlf": dict(quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n"),
    "minimal-lf": dict(quoting=csv.QUOTE_MINIMAL, lineterminator="\n"),
    "minimal-cr": dict(quoting=csv.QUOTE_MINIMAL, lineterminator="\r"),
    "all-lf": dict(quoting=csv.QUOTE_ALL, lineterminator="\n"),
    "semicolon": dict(quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n", delimiter=";"),
    "tab": dict(quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n", delimiter="\t"),
    "one-column": dict(quoting=csv.QUOTE_ALL, lineterminator="\n"),
}


def comes_back(cells, dialect):
    """Older versions of Python leave a lone CR or LF unquoted where lines end with the other one."""
    text = io.StringIO(newline="")
    csv.writer(text, **dialect).writerow(cells)
    text.seek(0)
    return list(csv.reader(text, delimiter=dialect.get("delimiter", ","))) == [cells]


for number, (name, dialect) in enumerate(DIALECTS.items()):
    random.seed(number)
    names = ["only"] if name == "one-column" else ["id", "two words", 'with "quotes"', "with, comma; and\ttab", "of\r\ntwo lines"]
    with open(HERE / f"{name}.csv", "w", encoding="utf-8", newline="") as out, \
         open(HERE / f"{name}.jsonl", "w", encoding="utf-8", newline="") as expected:
        writer = csv.writer(out, **dialect)
        writer.writerow(names)
        for _ in range(60):
            cells = ["".join(random.choices(PARTS, k=random.randrange(5))) for _ in names]
            if not comes_back(cells, dialect):
                continue
            writer.writerow(cells)
            expected.write(json.dumps(dict(zip(names, cells))) + "\n")
