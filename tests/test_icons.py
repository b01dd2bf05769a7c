"""The fonts and styles of the site have what is shown, and nothing else."""

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from theme.fast.fonts import BURMESE, ICONS, STYLES, WHOLE, WRITTEN, cut_burmese, cut_icons, shown_icons
from tools import site

RULES = [
    '.fa-bars:before,.fa-navicon:before{content:"\\f0c9"}', '.fa-sun:before{content:"\\f185"}',
    '.fa-xmark:before{content:"\\f00d"}', ".fa-bell{--x:1}", '.x::after{content:"\\f107"}', ':root{--y:"\uf058"}',
]  # fmt: skip
OTHERS = ['.fa-bell:before{content:"\\f0f3"}', '.fa-0:before{content:"0"}']


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """A site with two icons named by a page, one by a script and two by styles."""
    static = tmp_path / "_static"
    for file in (static / ICONS, static / STYLES):
        file.parent.mkdir(parents=True)
    (static / STYLES).write_text("".join([*RULES, *OTHERS]))
    (tmp_path / "index.html").write_text('<i class="fa-solid fa-navicon"></i><i class="fa-sun"></i>')
    (static / "a.js").write_text('box.classList.add("fa-xmark")')
    (static / "fontawesome.js").write_text("fa-bell")
    return tmp_path


def test_icons_that_are_shown_stay_in_styles_and_font_and_others_go(output: Path) -> None:
    cut_icons(output)
    file = output / "_static" / ICONS
    assert (output / "_static" / STYLES).read_text() == "".join(RULES)
    assert set(TTFont(file).getBestCmap()) == {0xF0C9, 0xF185, 0xF00D, 0xF107, 0xF058}
    assert 0xF0F3 in TTFont(WHOLE).getBestCmap() and file.stat().st_size < WHOLE.stat().st_size / 50
    before = file.read_bytes()
    cut_icons(output)
    assert file.read_bytes() == before


def test_burmese_keeps_what_it_is_written_with_and_what_pages_show(tmp_path: Path) -> None:
    (tmp_path / "_static" / "fonts").mkdir(parents=True)
    (tmp_path / "shan.html").write_text("<p>\u1075</p>", encoding="utf-8")
    cut_burmese(tmp_path)
    font = TTFont(tmp_path / "_static" / "fonts" / BURMESE)
    assert set(font.getBestCmap()) >= WRITTEN | {0x1075, 0x200C} and 0x1078 not in font.getBestCmap()
    features = {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord}
    assert {"blwf", "pref", "mark"} & features or "ccmp" in features, "letters still join"


def test_the_book_s_font_has_every_icon_of_its_pages() -> None:
    built = site.build_site().parent
    shapes = set(TTFont(built / "_static" / ICONS).getBestCmap())
    assert shown_icons(built) & set(TTFont(WHOLE).getBestCmap()) == shapes and 10 < len(shapes) < 100
