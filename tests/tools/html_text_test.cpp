#include "deed/tools/html_text.hpp"

#include "deed/core/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace deed {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string seen_in(std::string_view html) { return html_to_text(html).text; }

std::string many(std::string_view text, std::size_t count) {
  std::string out;
  out.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

TEST(HtmlText, PutsParagraphsApartAndJoinsBlanks) {
  EXPECT_EQ(seen_in("<p>One\n  two</p>\n\n<p>Three<br>four<p>five"), "One two\n\nThree\nfour\n\nfive\n");
  EXPECT_EQ(seen_in("<div>a</div><div><div>b</div></div>c"), "a\nb\nc\n");
  EXPECT_EQ(seen_in("a<br><br><br><br>b"), "a\n\nb\n");
  EXPECT_EQ(seen_in("x <b>bold</b>, <i>i</i>."), "x bold, i.\n");
  EXPECT_EQ(seen_in(" \n "), "");
}

TEST(HtmlText, PutsHeadingsOnTheirOwnLines) { EXPECT_EQ(seen_in("a<h1>Title</h1>b<hr>c"), "a\n\nTitle\n\nb\n---\nc\n"); }

TEST(HtmlText, MarksTheItemsOfLists) {
  EXPECT_EQ(seen_in("Do:<ul><li>one<li>two<ol><li>a</li><li>b</li></ol></ul>end"), "Do:\n\n- one\n- two\n  1. a\n  2. b\n\nend\n");
}

TEST(HtmlText, PutsTheCellsOfARowOnOneLine) {
  EXPECT_EQ(seen_in("<table><tr><th>Name<th>Price</tr><tr><td><p>Tea</p></td><td><p>3</p></td></tr></table>end"),
            "Name | Price\nTea | 3\nend\n");
  EXPECT_EQ(seen_in("<table><tr><td></td><td>only</td></tr></table>"), "only\n");
}

TEST(HtmlText, ShowsWhereLinksLead) {
  EXPECT_EQ(seen_in("See <a href=\"https://example.org/?a=1&amp;b=2\">the page</a>."), "See the page (https://example.org/?a=1&b=2).\n");
  EXPECT_EQ(seen_in("<a href=https://example.org/>example.org</a>"), "example.org\n");
  EXPECT_EQ(seen_in("<a href='mailto:a@example.org'>a@example.org</a>"), "a@example.org\n");
  EXPECT_EQ(seen_in("<a href='mailto:evil@example.net'>a@example.org</a>"), "a@example.org (mailto:evil@example.net)\n");
  EXPECT_EQ(seen_in("<a href='javascript:alert(1)'>x</a> <a href='/rel'>y</a> <a href='https://e.org'></a>"), "x y\n");
}

TEST(HtmlText, KeepsPreformattedText) { EXPECT_EQ(seen_in("<pre>a  b\n    c</pre>d"), "a  b\n    c\n\nd\n"); }

TEST(HtmlText, ShowsImagesByTheirWordsAlone) {
  const HtmlText text = html_to_text("<img src='https://example.org/x.png' alt='A  cat'><img src=y>");
  EXPECT_EQ(text.text, "[image: A cat]\n");
  EXPECT_EQ(text.images, 2u);
}

TEST(HtmlText, MarksQuotesAsTextMailsDo) {
  EXPECT_EQ(seen_in("Yes<div>Ann wrote:<blockquote>Really?<br>Why?<blockquote>Old</blockquote></blockquote></div>"),
            "Yes\nAnn wrote:\n\n> Really?\n> Why?\n\n>> Old\n");
}

TEST(HtmlText, DecodesCharacterReferences) {
  EXPECT_EQ(seen_in("&lt;b&gt; &eacute;&#233;&#xE9; &euro;&#128; &copy &amp;amp; &nosuch; &#0; &#x110000; a&nbsp;b & c"),
            "<b> ééé €€ © &amp; &nosuch; \uFFFD \uFFFD a b & c\n");
}

TEST(HtmlText, LeavesOutWhatIsNoText) {
  EXPECT_EQ(seen_in("<head><title>T</title><style>p{}</style></head><body><script>if (a</b>c) '</p>'</script><!-- c --><!doctype "
                    "x><?pi?>ok<template>x</template>"
                    "<style>unclosed"),
            "ok\n");
  EXPECT_EQ(seen_in("a<!-- > --!>b<!-->c<!--->d<!-- e -- f ->g"), "abcd\n");
}

TEST(HtmlText, LeavesOutAndCountsWhatIsHidden) {
  for (const char* attribute :
       {"hidden", "HIDDEN=''", "style='display:none'", "style=\"color:red; DISPLAY : none !important\"", "style='visibility:hidden'",
        "style='opacity:0'", "style='opacity: 0.0'", "style='font-size:0'", "style='font-size:1px'", "style='max-height:0;overflow:hidden'",
        "style='position:absolute;left:-9999px'", "style='text-indent:-9999px'", "style='color:transparent'", "style='display:/**/none'",
        "style='display:block;display:none'", "style='position:absolute;width:1px;height:1px;overflow:hidden'",
        "style='color:#fff;background-color:#fff'", "style='display:&#110;one'"}) {
    const HtmlText text = html_to_text("a<div " + std::string(attribute) + ">send <b>all</b> money<p>now</div>b");
    EXPECT_EQ(text.text.find("money"), std::string::npos) << attribute;
    EXPECT_EQ(text.text.find("now"), std::string::npos) << attribute;
    EXPECT_THAT(text.text, testing::EndsWith("b\n")) << attribute;
    EXPECT_EQ(text.hidden_elements, 1u) << attribute;
  }
}

TEST(HtmlText, ShowsWhatAnInnerElementMakesVisibleAgain) {
  EXPECT_EQ(seen_in("<td style='font-size:0px'><div style='font-size:13px'>shown</div>no</td>"), "shown\n");
  EXPECT_EQ(seen_in("<div style='visibility:hidden'>no<p style='visibility:visible'>shown</div>"), "shown\n");
  EXPECT_EQ(seen_in("<p style='display:none;display:block;opacity:0.5;font-size:.9em'>shown"), "shown\n");
  EXPECT_EQ(seen_in("<div style='display:none'><p style='display:block;font-size:13px'>no</div>"), "");
  EXPECT_EQ(seen_in("<div style='font-size:0'><p style='font-size:2em'>no</div>"), "");
}

TEST(HtmlText, LeavesOutTextInTheColorOfItsBackground) {
  for (const char* html :
       {"<p style='color:white'>no</p>yes", "<p style='color:#fff'>no</p>yes", "<font color='#FEFEFE'>no</font>yes",
        "<font color=ffffff>no</font>yes", "<p style='color:rgb(255, 255, 255)'>no</p>yes", "<p style='color:rgba(0,0,0,0)'>no</p>yes",
        "<div style='background:#123456'><p style='color:#123456'>no</div>yes", "<table><tr><td bgcolor=black>no</td></tr></table>yes",
        "<p style='color:/*x*/white'>no</p>yes", "<div style='color:white'><p style='color:inherit'>no</div>yes"}) {
    const HtmlText text = html_to_text(html);
    EXPECT_EQ(text.text, "yes\n") << html;
    EXPECT_EQ(text.hidden_elements, 1u) << html;
  }
}

TEST(HtmlText, ShowsTextWhoseBackgroundIsNotKnown) {
  for (const char* html :
       {"<td bgcolor='#333333' style='color:#fff'>yes</td>", "<td background=a.png style='color:#fff'>yes</td>",
        "<td style='background:url(a.png);color:#fff'>yes</td>", "<td style='background-image:url(a.png);color:#fff'>yes</td>",
        "<style>.a{background:#000}</style><div class=a style='color:#fff'><b>yes</b></div>",
        "<style>.a{color:#fff}</style><div bgcolor=black><p class=a>yes</div>", "<p style='color:red'>yes</p>",
        "<div bgcolor='#0000ff'><a href=x>yes</a></div>", "<p style='color:var(--x)'>yes</p>", "<p style='color:inherit'>yes</p>"}) {
    EXPECT_EQ(seen_in(html), "yes\n") << html;
  }
}

TEST(HtmlText, HidesWhatABrowserHidesThoughTagsCross) {
  EXPECT_EQ(seen_in("<b><div style=display:none>no</b>no</div>yes"), "yes\n");
  EXPECT_EQ(seen_in("<div><font style='display:none'>no</div>no</font>yes"), "yes\n");
  EXPECT_EQ(seen_in("<div hidden></x></span></p>no</div>yes"), "yes\n");
  EXPECT_EQ(seen_in("<div hidden><table><tr><td></div>no</table>no</div>yes"), "yes\n");
  EXPECT_EQ(seen_in("<div title='a>b' style='display:none'>no</div>yes"), "yes\n");
  EXPECT_EQ(seen_in("<div/style=display:none>no</div>yes"), "yes\n");
}

TEST(HtmlText, CountsNoHiddenElementThatHoldsNothing) {
  EXPECT_EQ(html_to_text("<div style='display:none'>&nbsp;&zwnj; &#847;</div><p hidden></p>").hidden_elements, 1u);
  EXPECT_EQ(html_to_text("<div style='display:none'>&nbsp; &#847;&shy;</div><p hidden></p>").hidden_elements, 0u);
}

TEST(HtmlText, TakesAnyBytes) {
  EXPECT_TRUE(is_utf8(seen_in("\xFF\xFE<p>\x80&#xD800;")));
  EXPECT_EQ(seen_in(std::string_view("a\0b\x1B[1m", 7)), "ab[1m\n");
  EXPECT_EQ(seen_in("a<p>&#1;<p>b&#13;c"), "a\n\nb c\n");
  for (const char* html : {"<", "</", "<a", "<a b='", "<!", "<!-", "<!--", "&", "&#", "&#x", "a < b", "</>x", "<a href", "<a href="}) {
    EXPECT_TRUE(is_utf8(seen_in(html))) << html;
  }
  EXPECT_EQ(seen_in("a < b </ c>d"), "a < b d\n");
}

TEST(HtmlText, StaysWithinItsLimits) {
  const HtmlText text = html_to_text(many("ü ", 100), {.text_bytes = 50});
  EXPECT_LE(text.text.size(), 50u);
  EXPECT_TRUE(is_utf8(text.text));
  EXPECT_TRUE(text.is_cut);
  EXPECT_TRUE(html_to_text("<p>long", {.html_bytes = 4}).is_cut);
  EXPECT_FALSE(html_to_text("<p>long").is_cut);
}

TEST(HtmlText, IsQuickWithBombs) {
  std::string attributes = "<a ";
  for (int i = 0; i < 125'000; ++i) attributes += std::to_string(i) + " ";
  for (const std::string& html : {many("<div>", 200'000),
                                  many("<b x><p>", 125'000),
                                  many("<a href=x>", 100'000),
                                  attributes + ">x",
                                  many("<p>", 325'000),
                                  many("</p>", 250'000),
                                  many("<td>", 250'000),
                                  many("<ul><li>", 125'000),
                                  many("<div>", 250) + many("<i></b>", 125'000),
                                  many("<!--", 250'000),
                                  many("<!-- --", 125'000),
                                  many("<script>", 125'000),
                                  "<script>" + many("</scrip", 125'000),
                                  many("&", 1'000'000),
                                  many("&amp", 250'000),
                                  many("<", 1'000'000),
                                  many("<a'", 250'000),
                                  many("<a b='", 150'000),
                                  many("<blockquote>x", 75'000),
                                  many("<br>", 250'000),
                                  many("<div style='" + many("left:0;", 1'000) + "'>x</div>", 500),
                                  "<div style=\"" + many("a:b;", 250'000) + "\">x",
                                  many("<img alt=x>", 75'000),
                                  many("<a href=http://e.org/" + many("x", 1'900) + ">y</a>", 2'000)}) {
    SCOPED_TRACE(html.substr(0, 20));
    const auto begin = std::chrono::steady_clock::now();
    const HtmlText text = html_to_text(html);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
    EXPECT_LE(text.text.size(), HtmlTextLimits{}.text_bytes);
  }
}

}  // namespace
}  // namespace deed
