"""
The picture of the way of the data: every word escaped, every line in its box, the same for any script.
"""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

from listener.pia.drawing import Step, flow

SVG = "{http://www.w3.org/2000/svg}"


def test_words_make_nothing_and_none_is_lost() -> None:
    """Markup is text, in a box, beside it, in the name and in the description."""
    evil = "</text><script>a</script> & <b>"
    root = ElementTree.fromstring(flow(evil, evil, [Step(evil, evil, evil)]))
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]

    assert {element.tag for element in root.iter()} == {
        f"{SVG}{name}" for name in ("svg", "title", "desc", "rect", "text", "path")
    }
    assert [root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")] == [evil, evil]
    assert " ".join(texts).replace(" ", "") == (evil * 3).replace(" ", "")


def test_what_is_too_long_ends_in_an_ellipsis_within_its_box() -> None:
    """At most four lines, none longer than fits; letters that are twice as wide are half as many; boxes do not overlap."""
    steps = [Step("Sources", "word " * 100, "aside " * 50), Step("町", "水" * 300), Step("End", "x" * 500)]
    root = ElementTree.fromstring(flow("Way", "Words", steps))
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    boxes = [(int(rect.get("y", "")), int(rect.get("height", ""))) for rect in root.iter(f"{SVG}rect")]
    height = int(root.get("viewBox", "").split()[3])

    assert sum(text.endswith("…") for text in texts) == 4
    assert max(len(text) for text in texts) <= 46
    assert max(len(text) for text in texts if "水" in text) <= 23
    assert all(y + high < below for (y, high), (below, _) in pairwise(boxes))
    assert boxes[-1][0] + boxes[-1][1] < height + 1
