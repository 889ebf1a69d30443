#!/usr/bin/env python3
"""html.text: what a reader sees of an HTML page, by Python's html.parser."""
import os
import re
import stat
from html.parser import HTMLParser
from typing import Optional

from deed_plugin import Error, serve, tool

MAX_PAGE = 8 << 20
MAX_LINKS = 500
HIDDEN = {"script", "style", "head", "template", "noscript", "svg", "math", "iframe", "object", "select", "datalist"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
BLOCKS = {"address", "article", "aside", "blockquote", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer",
          "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "summary", "table",
          "tr", "ul"}
PARTED = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote", "pre"}  # an empty line around them
CELLS = {"td", "th"}


class Page(HTMLParser):
    """Collects text by line, links and the title. Unknown and broken tags do what they do in a browser: nothing."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.title, self.links = "", []
        self._lines, self._line, self._is_parted = [], [], False
        self._hidden, self._preformatted, self._in_title = [], 0, False
        self._link = None

    def text(self):
        self._end_line()
        lines = "\n".join(self._lines)
        return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        if tag == "title":
            self._in_title = True
        if tag == "body":
            self._hidden.clear()  # a head that nobody closed
        if tag not in VOID and (tag in HIDDEN or is_hidden(known)):
            self._hidden.append(tag)
        elif self._hidden and tag == self._hidden[-1] and tag not in VOID:
            self._hidden.append(tag)  # so that the inner end does not show the rest
        if self._hidden:
            return
        if tag in BLOCKS:
            self._end_line(tag)
        elif tag == "br":
            self._end_line("br")
        elif tag in CELLS and self._line:
            self._line.append("\t")
        if tag == "li":
            self._line.append("- ")
        elif tag == "pre":
            self._preformatted += 1
        elif tag == "img" and known.get("alt"):
            self._line.append(f"[{known['alt']}]")
        elif tag == "a" and known.get("href"):
            self._link = (known["href"].strip(), [])

    def handle_endtag(self, tag):
        if tag == "title":
            self._in_title = False
        if self._hidden:
            if tag == self._hidden[-1]:
                self._hidden.pop()
            return
        if tag in BLOCKS:
            self._end_line(tag)
        if tag == "pre":
            self._preformatted = max(0, self._preformatted - 1)
        elif tag == "a" and self._link:
            url, words = self._link
            if len(self.links) < MAX_LINKS:
                self.links.append({"text": one_line(" ".join(words)), "url": url})
            self._link = None

    def handle_data(self, data):
        if self._link and not self._hidden:
            self._link[1].append(data)
        if self._in_title:
            self.title = one_line(self.title + data)
        elif not self._hidden and self._preformatted:
            first, *further = data.split("\n")
            self._line.append(first)
            for line in further:
                self._end_line("br")
                self._line.append(line)
        elif not self._hidden:
            self._line.append(re.sub(r"\s+", " ", data))

    def _end_line(self, tag=""):
        line = "".join(self._line)
        if not self._preformatted:
            line = "\t".join(re.sub(r" +", " ", cell).strip() for cell in line.split("\t"))
        if line.strip() or tag == "br":
            if self._is_parted and self._lines:
                self._lines.append("")
            self._lines.append(line.rstrip())
            self._is_parted = False
        self._is_parted = self._is_parted or tag in PARTED
        self._line = []


def is_hidden(attributes):
    style = (attributes.get("style") or "").replace(" ", "").lower()
    return "hidden" in attributes or attributes.get("aria-hidden") == "true" or "display:none" in style or "visibility:hidden" in style


def one_line(text):
    return re.sub(r"\s+", " ", text).strip()


def page_at(path):
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Error(f"{path} is no file")
            page = file.read(MAX_PAGE + 1)
    except OSError as error:
        raise Error(f"cannot read {path}: {error.strerror}") from error
    if len(page) > MAX_PAGE:
        raise Error(f"{path} is larger than {MAX_PAGE >> 20} MiB")
    declared = re.search(rb"charset=[\"']?([\w-]+)", page[:1024])
    try:
        return page.decode(declared[1].decode() if declared else "utf-8", "replace")
    except LookupError:
        return page.decode("utf-8", "replace")


@tool(effect="read", roles={"path": "destination", "html": "text"}, concurrent=True, arguments={"path": {"format": "path"}},
      examples=["Read page.html as text", "What does the saved web page say?", "Which links are on page.html?"])
def text(path: Optional[str] = None, html: Optional[str] = None):
    """Gives what a reader sees of an HTML page: title, text by line, and links. Takes a file or the page itself.

    path: A file with the page
    html: The page
    """
    if (path is None) == (html is None):
        raise Error("either path or html is needed")
    page = Page()
    page.feed(page_at(path) if html is None else html)
    page.close()
    return {"title": page.title, "text": page.text(), "links": page.links}


if __name__ == "__main__":
    serve("html", "1.0.0")
