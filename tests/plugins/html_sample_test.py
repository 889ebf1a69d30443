"""html.text: what is seen, and what is hidden."""
import os
import unittest

import sample

html = sample.load()


class Text(sample.InAFolder):
    def text(self, page):
        return html.text(html=page)["text"]

    def test_puts_blocks_on_lines_of_their_own(self):
        self.assertEqual(self.text("<h1>One</h1><p>two <b>three</b>\n four</p><div>five</div><div>six<br>seven</div>"),
                         "One\n\ntwo three four\n\nfive\nsix\nseven")
        self.assertEqual(self.text("<ul><li>a<li>b</ul>"), "- a\n- b")
        self.assertEqual(self.text("<table><tr><th>n<th>sum<tr><td>Ann<td> 2 </table>"), "n\tsum\nAnn\t2")
        self.assertEqual(self.text("x<pre>a\n  b</pre>y"), "x\n\na\n  b\n\ny")
        self.assertEqual(self.text("a &amp; b &eacute; &#8364; <img alt='a cat' src=x>"), "a & b é € [a cat]")

    def test_leaves_out_what_nobody_sees(self):
        for hidden in ("<script>x</script>", "<style>x</style>", "<head><title>t</title>x</head>", "<p hidden>x</p>",
                       "<div style='Display: NONE'>x<div>x</div>x</div>", "<span aria-hidden=true>x</span>", "<template><p>x</template>",
                       "<!-- x -->", "<noscript>x</noscript>", "<input hidden value=x>", "<div style='visibility:hidden'><img alt=x></div>"):
            self.assertEqual(self.text("before" + hidden + "<p>after</p>"), "before\n\nafter", hidden)

    def test_finds_title_and_links(self):
        page = html.text(html="<title> A \n page</title><body>See <a href=/x>the <b>x</b></a>, <a>none</a><a href='y'><p>y</p></a>")
        self.assertEqual(page["title"], "A page")
        self.assertEqual(page["links"], [{"text": "the x", "url": "/x"}, {"text": "y", "url": "y"}])

    def test_shows_the_body_behind_a_head_that_nobody_closed(self):
        self.assertEqual(self.text("<head><title>t</title><body>seen"), "seen")

    def test_reads_broken_pages_as_far_as_they_go(self):
        whole = "<html><head><title>t</title></head><body><p>a <a href=x>b</a></p><ul><li>c</ul><!-- d --><script>e</script>f</body>"
        for cut in range(len(whole)):
            self.assertIsInstance(self.text(whole[:cut]), str)
        self.text("</p></div></pre></a>" * 100 + "<div>" * 5000 + "<![CDATA[x" + "<")

    def test_reads_a_file_in_the_encoding_that_it_declares(self):
        self.write("a.html", "<meta charset='windows-1252'><p>ä €".encode("cp1252"))
        self.assertEqual(html.text(path="a.html")["text"], "ä €")
        self.write("b.html", "<p>ä".encode("utf-8"))
        self.assertEqual(html.text(path="b.html")["text"], "ä")
        self.write("c.html", b"<meta charset=nonsense><p>\xff")
        self.assertEqual(html.text(path="c.html")["text"], "\ufffd")

    def test_says_what_cannot_be_read(self):
        os.mkfifo("pipe")
        for arguments in ({}, {"path": "a", "html": "b"}, {"path": "none"}, {"path": "pipe"}, {"path": "."}):
            self.assertRaises(html.Error, html.text, **arguments)


if __name__ == "__main__":
    unittest.main()
