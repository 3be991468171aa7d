import re

from edgedf.report.explanations import Explained, explanations_page

FACE = Explained(
    "<b>.jpg", "Called fake: band 8-16 cycles.", {"attention": "data:x"}, {"4-8 cycles": -0.5, "8-16 cycles": 2}
)


def test_every_face_has_its_sentence_pictures_and_bands() -> None:
    page = explanations_page("student", [FACE, FACE], ["a note"])
    assert page.count("Called fake: band 8-16 cycles.") == page.count('src="data:x"') == 2
    assert "&lt;b&gt;.jpg" in page and "<b>.jpg" not in page
    assert "a note" in page and "http" not in page.replace("http://www.w3.org/2000/svg", "")


def test_bars_grow_from_one_line_to_both_sides() -> None:
    bars = re.findall(r'<line x1="([\d.]+)" [^>]*x2="([\d.]+)" [^>]*class="bar"', explanations_page("m", [FACE], []))
    (start, against), (same, towards) = [[float(end) for end in bar] for bar in bars]
    assert start == same and against < start < towards


def test_bands_that_change_nothing_can_be_drawn() -> None:
    assert "0.00" in explanations_page("m", [Explained("a", "b", {}, {"4-8 cycles": 0.0})], [])
