"""Figures take the page's colours, are named for those who do not see them, and are the same on every run."""

import re

import pytest
from lxml import etree

from helpers import plots
from helpers.models import ARCHITECTURES
from helpers.plots import COLOURS, MARKERS, PALETTE, flow_plot, new, show, to_svg
from helpers.tokens import ENCODINGS


def draw():
    figure, axes = new(height=2)
    axes.plot([1, 2, 3], [3, 1, 2], label="a line")
    axes.set(xlabel="x & y")
    axes.legend()
    return figure


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", PALETTE)
def test_every_colour_reads_on_white_and_on_near_black(name):
    light = luminance(PALETTE[name])
    assert 1.05 / (light + 0.05) >= 3
    assert (light + 0.05) / (luminance("#14181e") + 0.05) >= 3


def test_what_has_a_colour_has_a_marker_too():
    assert set(COLOURS) == set(MARKERS)


@pytest.mark.parametrize("kind", [set(ENCODINGS.values()), set(ARCHITECTURES)], ids=["vocabularies", "architectures"])
def test_no_two_of_a_kind_share_a_colour_or_a_marker(kind):
    drawn = kind & set(COLOURS)
    assert len(drawn) >= 3
    for look in (COLOURS, MARKERS):
        assert len({look[name] for name in drawn}) == len(drawn)


def test_svg_is_named_uses_the_text_colour_and_parses():
    svg = to_svg(draw(), 'A "line" <b>')
    root = etree.fromstring(svg.encode())
    assert root.get("role") == "img" and root.get("aria-label") == 'A "line" <b>'
    assert "currentColor" in svg and plots.TEXT not in svg
    assert "<text" in svg, "text stays text"
    assert not re.search(r"(?:src|href)=\"http", svg.replace("http://www.w3.org", ""))


def test_the_same_figure_is_the_same_svg_and_two_figures_share_no_id():
    one, again = to_svg(draw(), "a"), to_svg(draw(), "a")
    assert one == again
    figure = draw()
    figure.axes[0].plot([1, 2], [1, 1])
    ids, others = (set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (one, to_svg(figure, "a")))
    assert ids and not ids & others
    assert all(target in ids for target in re.findall(r"url\(#([^)]+)\)", one))


@pytest.mark.parametrize("words", [{"title": "", "alt": "a"}, {"title": "t", "alt": " "}])
def test_a_figure_without_title_or_alt_is_refused(words):
    with pytest.raises(ValueError, match="every figure has"):
        show(draw(), **words)


def test_a_flow_names_every_loss_and_what_is_left():
    svg = to_svg(flow_plot(10, {"read": {}, "filter": {"short": 3, "noise": 1}}, unit="pages"), "a flow")
    texts = [text.text for text in etree.fromstring(svg.encode()).iter("{http://www.w3.org/2000/svg}text")]
    words = " ".join(filter(None, texts))
    assert "10 pages in" in words and "6 pages out" in words and "read: none" in words and "3 short, 1 noise" in words


@pytest.mark.parametrize(("n_in", "lost"), [(0, 0), (3, 4), (3, -1)])
def test_a_flow_that_does_not_balance_is_refused(n_in, lost):
    with pytest.raises(ValueError, match="balance"):
        flow_plot(n_in, {"filter": {"short": lost}}, unit="pages")
