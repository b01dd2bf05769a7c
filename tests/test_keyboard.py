"""The built site by keyboard alone: the Tab key reaches all that can be used and shows where it is, and keys work it."""

import re

import pytest

from tests.browser import Visitor, unlike_first, violations
from tests.test_site import PAGES, built  # noqa: F401  (a fixture: the site that is looked at)

CHAPTER = "chapters/08_sampling.html"
CHAPTERS = [name for name in PAGES if re.match(r"chapters/\d\d_", name)]

# What a reader can use now; of radio buttons that belong together, the arrow keys reach the others.
USABLE = """() => {
  const all = "a[href], button, input, select, textarea, summary, audio, video, [contenteditable], [tabindex]";
  return [...document.querySelectorAll(all)].filter((box) =>
    box.tabIndex >= 0 && !box.disabled && box.getClientRects().length && box.checkVisibility({ visibilityProperty: true })
    && !(box.type === "radio" && !box.checked && document.querySelector(`input[name="${box.name}"]:checked`)));
}"""

# Mark what has the focus; gives whether it is new, what it is, and whether it can be seen to have it.
ARRIVE = """() => {
  const box = document.activeElement;
  if (!box || box === document.body) return null;
  const isNew = !box.dataset.reached;
  box.dataset.reached = "yes";
  const outlined = (style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  const parts = [box, ...box.querySelectorAll("*")];
  const seen = (part) => {
    const { left, right, top, bottom, height } = part.getBoundingClientRect();
    return height > 0 && right > 0 && left < innerWidth && bottom > 0 && top < innerHeight;
  };
  const shown = parts.some((part) => outlined(getComputedStyle(part)) && seen(part));
  return [isNew, box.outerHTML.slice(0, 120), shown];
}"""

LEFT_OUT = f"({USABLE})().filter((box) => !box.dataset.reached).map((box) => box.outerHTML.slice(0, 120))"


@pytest.mark.parametrize("name", unlike_first(PAGES))
def test_the_tab_key_reaches_everything_and_shows_where_it_is(reader: Visitor, name: str) -> None:
    _walk(reader, name)


@pytest.mark.parametrize("name", ["index", "08_sampling", "token_playground", "claims"])
def test_so_it_does_on_a_narrow_window(browser, address: str, name: str) -> None:
    narrow = Visitor(browser, address, "phone")
    _walk(narrow, f"chapters/{name}.html")
    narrow.context.close()


def _walk(visitor: Visitor, name: str) -> None:
    page = visitor.open(name)
    page.emulate_media(reduced_motion="reduce")  # what slides in is in at once
    hidden, most = [], 2 * page.evaluate(f"({USABLE})().length") + 50
    for _ in range(most):
        page.keyboard.press("Tab")
        arrived = page.evaluate(ARRIVE)
        if arrived is None or not arrived[0]:
            break
        if not arrived[2]:
            hidden.append(arrived[1])
    else:
        pytest.fail(f"after {most} presses of the Tab key it has not come around")
    assert not hidden, "focused, but it can't be seen:\n" + "\n".join(hidden)
    left_out = page.evaluate(LEFT_OUT)
    assert not left_out, "the Tab key leaves out:\n" + "\n".join(left_out)
    assert not visitor.faults


@pytest.mark.parametrize("view", ["light", "phone"])
def test_what_scrolls_can_be_reached_before_anything_is_scrolled_or_pressed(browser, address: str, view: str) -> None:
    window = Visitor(browser, address, view)
    found = {name: violations(window.open(name), "scrollable-region-focusable") for name in CHAPTERS}
    window.context.close()
    assert not any(found.values()), found


def test_far_parts_wait_until_the_tab_key_asks_for_them(reader: Visitor) -> None:
    page = reader.open(CHAPTER)
    waiting = (
        "[...document.querySelectorAll('.bd-article > section > section > p')].filter((p) => "
        "!p.checkVisibility({ contentVisibilityAuto: true })).length"
    )
    assert page.evaluate(waiting) > 20
    page.keyboard.press("Tab")
    page.wait_for_function(f"() => {waiting} === 0")


def test_the_figure_of_languages_is_there_when_the_tab_key_asks_for_it(reader: Visitor) -> None:
    page = reader.open("chapters/03_multilingual_tokens.html")
    assert page.locator("figure.explore:not(.live)").count() == 1, "it waits"
    page.keyboard.press("Tab")
    assert page.locator("figure.explore.live").count() == 1


def test_what_scrolls_is_reached_by_tab_though_its_size_was_guessed_right(browser, address: str) -> None:
    code = "[...document.querySelectorAll('div.highlight pre')]"
    wide = "(box) => box.scrollWidth > box.clientWidth + 1"
    narrow = Visitor(browser, address, "phone")
    page = narrow.open(CHAPTER)
    page.evaluate(f"{code}.forEach((box) => {{ box.tabIndex = -1; }})")  # as the theme does with what is not laid out
    narrow.lay_out()
    assert page.evaluate(f"{code}.filter(({wide})).length") > 5
    assert page.evaluate(f"{code}.filter(({wide})).every((box) => box.tabIndex === 0)")
    narrow.context.close()


@pytest.mark.parametrize("view", ["light", "phone"])
def test_a_jump_lands_where_it_leads(browser, address: str, view: str) -> None:
    window = Visitor(browser, address, view)
    page = window.open(CHAPTER)
    parts = page.evaluate("[...document.querySelectorAll('.bd-article > section > section')].map((part) => part.id)")
    for name in (parts[-1], parts[3], parts[len(parts) // 2]):
        page.evaluate(f"location.hash = '#{name}'")
        page.wait_for_timeout(600)  # a scroll that is smooth
        top = page.evaluate(f"document.querySelector('#{name} > h2').getBoundingClientRect().top")
        assert 0 < top < 250, f"the heading of {name} is {top} px below the top of the window"
    other = Visitor(browser, address, view).open(f"{CHAPTER}#{parts[len(parts) // 2]}")  # and so from elsewhere
    other.wait_for_timeout(600)
    top = other.evaluate(f"document.querySelector('#{parts[len(parts) // 2]} > h2').getBoundingClientRect().top")
    assert 0 < top < 250
    other.context.close()
    window.context.close()


def test_the_first_link_leads_past_the_menus(reader: Visitor) -> None:
    page = reader.open(CHAPTER)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('#main-content').contains(document.activeElement)")


def test_the_theme_and_the_contents_are_switched_by_enter(reader: Visitor) -> None:
    page = reader.open(CHAPTER)
    seen = set()
    for _ in range(3):
        page.locator(".theme-switch-button:visible").first.focus()
        page.keyboard.press("Enter")
        seen.add(page.evaluate("document.documentElement.dataset.mode"))
    assert seen == {"light", "dark", "auto"}
    contents, button = page.locator("#pst-primary-sidebar"), page.locator("button.primary-toggle:visible").first
    for hidden in (True, False):
        button.focus()
        page.keyboard.press("Enter")
        contents.wait_for(state="hidden" if hidden else "visible")


@pytest.mark.parametrize("side", ["primary", "secondary"])
def test_the_menus_of_a_narrow_window_open_hold_the_focus_and_close(browser, address: str, side: str) -> None:
    narrow = Visitor(browser, address, "phone")
    page = narrow.open(CHAPTER)
    page.locator(f"button.{side}-toggle:visible").first.focus()
    page.keyboard.press("Enter")
    menu = page.locator(f"#pst-{side}-sidebar-modal")
    menu.wait_for(state="visible")
    for _ in range(5):
        page.keyboard.press("Tab")
        assert menu.evaluate("(box) => box.contains(document.activeElement)")
    page.keyboard.press("Escape")
    menu.wait_for(state="hidden")
    assert page.evaluate(f"document.activeElement.matches('.{side}-toggle')"), "the focus is back where it was"
    narrow.context.close()


def test_search_opens_finds_and_closes(reader: Visitor) -> None:
    page = reader.open(CHAPTER)
    box = page.locator("#pst-search-dialog")
    page.keyboard.press("Control+k")
    box.wait_for(state="visible")
    page.keyboard.press("Escape")
    box.wait_for(state="hidden")
    page.keyboard.press("Control+k")
    page.keyboard.type("nucleus")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results .search li a")


def test_downloads_are_chosen_with_arrows(reader: Visitor) -> None:
    page = reader.open(CHAPTER)
    page.locator(".dropdown-download-buttons button").focus()
    page.keyboard.press("Enter")
    page.locator(".dropdown-download-buttons .dropdown-menu").wait_for(state="visible")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.getAttribute('href')").endswith(".zip")
    page.keyboard.press("Escape")
    page.locator(".dropdown-download-buttons .dropdown-menu").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.matches('.dropdown-download-buttons button')")


def test_code_is_copied_by_enter(reader: Visitor) -> None:
    reader.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = reader.open(CHAPTER)
    button = page.locator("button.copybtn:visible").first  # others lie in folds
    code = page.locator(button.get_attribute("data-clipboard-target")).text_content()
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("button.copybtn.success")
    assert page.evaluate("navigator.clipboard.readText()").strip() == code.strip() != ""


def test_what_is_wider_than_the_window_is_moved_by_arrows(browser, address: str) -> None:
    narrow = Visitor(browser, address, "phone")
    page = narrow.open(CHAPTER)
    page.keyboard.press("Tab")
    boxes = page.locator(":is(.table-scroll, pre)[tabindex='0']:visible")
    boxes.first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.activeElement.scrollLeft > 0")
    narrow.context.close()


def test_a_quiz_is_answered_by_keyboard(reader: Visitor) -> None:
    page = reader.open(CHAPTER)
    answer = page.locator(".quiz details").first
    for opened in (True, False):
        answer.locator("summary").focus()
        page.keyboard.press("Space")
        assert (answer.get_attribute("open") is not None) == opened
