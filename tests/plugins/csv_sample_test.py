"""csv.read, against the files that people have."""
import os
import unittest

import sample

csv = sample.load()
Error = csv.Error


class Reading(sample.InAFolder):
    def read(self, content, **more):
        self.write("a.csv", content)
        return csv.read(path="a.csv", **more)

    def test_gives_columns_and_rows(self):
        self.assertEqual(self.read("name,sum\nAnn,1\nBob,2\n"), {"columns": ["name", "sum"], "rows": [["Ann", "1"], ["Bob", "2"]], "next": None})

    def test_takes_quotes_line_breaks_and_delimiters_of_all_kinds(self):
        self.assertEqual(self.read('a,b\r\n"x, ""y""","1\n2"\r\n')["rows"], [['x, "y"', "1\n2"]])
        for delimiter in ",;\t|":
            got = self.read(delimiter.join(["a", '"b,,;;||"', "c"]) + "\n" + delimiter.join("123") + "\n")
            self.assertEqual(got["rows"], [["1", "2", "3"]], delimiter)
        self.assertEqual(self.read("a:b\n1:2\n", delimiter=":")["rows"], [["1", "2"]])

    def test_pages_without_a_gap_or_a_row_twice(self):
        content = "n\n" + "".join(f"{n}\n\n" for n in range(10))
        for size in (1, 3, 10, 11):
            rows, start = [], 0
            while start is not None:
                page = self.read(content, start=start, rows=size)
                rows, start = rows + page["rows"], page["next"]
            self.assertEqual(rows, [[str(n)] for n in range(10)], size)

    def test_ends_a_page_at_its_bytes(self):
        page = self.read("n\n" + ("x" * 100000 + "\n") * 20, rows=5000)
        self.assertEqual((len(page["rows"]), page["next"]), (10, 10))

    def test_reads_utf8_with_and_without_a_mark_and_windows_1252(self):
        for encoding in ("utf-8", "utf-8-sig", "cp1252"):
            self.assertEqual(self.read("Straße,€\nä,1\n".encode(encoding)), {"columns": ["Straße", "€"], "rows": [["ä", "1"]], "next": None})
        cut = "n\n" + "x" * (csv.SAMPLE - 3) + "é\n"
        self.assertEqual(self.read(cut)["rows"][0][0][-1], "é")

    def test_names_each_column_once(self):
        self.assertEqual(self.read("a,a,,a\n1,2,3,4\n")["columns"], ["a", "a_2", "column_3", "a_3"])
        self.assertEqual(self.read("1,2\n", header=False), {"columns": None, "rows": [["1", "2"]], "next": None})
        self.assertEqual(self.read(""), {"columns": [], "rows": [], "next": None})

    def test_says_what_cannot_be_read(self):
        os.mkfifo("pipe")
        os.mkdir("folder")
        for path in ("none.csv", "pipe", "folder"):
            self.assertRaises(Error, csv.read, path=path)
        with self.assertRaisesRegex(Error, "line 2: field larger"):
            self.read("n\n" + "x" * 200000 + "\n")

    def test_has_the_schema_that_a_model_is_shown(self):
        schema = csv.read.arguments
        self.assertEqual(schema["required"], ["path"])
        self.assertEqual(schema["properties"]["rows"],
                         {"type": "integer", "default": 50, "description": "How many rows to give at most", "minimum": 1, "maximum": 5000})
        self.assertEqual(csv.read.effect, "read")


if __name__ == "__main__":
    unittest.main()
