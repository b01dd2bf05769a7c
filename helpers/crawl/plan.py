"""What each page of a miniature crawl is to be, and the answer that its server gives.

Everything about page number i follows from the recipe and i, so pages can be made in any order and none need be kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from random import Random

from helpers.checks import check_amount, check_text
from helpers.crawl import noise as kinds
from helpers.crawl.noise import Charset, Noise
from helpers.crawl.pages import LAYOUTS, Page, plain, render
from helpers.crawl.records import Response
from helpers.crawl.texts import UNKNOWN, sentences, sources_of, words, write

TABLE = "common_crawl_languages"
ROUNDING = 0.05  # how far from the whole a table may be: Common Crawl's leaves out its smallest languages


@dataclass(frozen=True)
class Recipe:
    """All that a crawl follows from. `shares` are parts of the pages by language, together 1; `left_out` are the languages
    of a published table that there is no text in."""

    n_pages: int
    crawl: str
    seed: int
    n_files: int
    noise: Noise
    shares: tuple[tuple[str, float], ...]
    left_out: tuple[str, ...] = ()

    def pages_of(self, file: int) -> range:
        """The numbers of the pages in a file."""
        return range(file * self.n_pages // self.n_files, (file + 1) * self.n_pages // self.n_files)

    @cached_property
    def damaged(self) -> dict[int, str]:
        """The pages whose records are destroyed, and how: one in the middle of the first file, and the crawl's last."""
        damage = {self.pages_of(0)[len(self.pages_of(0)) // 2]: "corrupt"} if self.noise.corrupt else {}
        return {**damage, self.n_pages - 1: "truncated"} if self.noise.truncated else damage


@dataclass(frozen=True)
class Plan:
    """What page `index` is to be: its kind, its language in the table's code, the text it is from ("" for none), and for a
    duplicate the number of its original."""

    index: int
    kind: str
    language: str
    source: str
    of: int | None = None


@dataclass(frozen=True)
class Answer:
    """What the server of a page answered, in which charset, and the text that it should be read as."""

    url: str
    response: Response
    charset: Charset
    text: str


def published_shares(crawl: str | None = None) -> tuple[str, dict[str, float]]:
    """The languages of a crawl as Common Crawl published them.

    Args:
        crawl: as in `data/common_crawl_languages.csv`; the latest there by default.

    Returns:
        The crawl's name, and the per cent of its pages by language, "unknown" among them.

    Raises:
        ValueError: if the table has no such crawl.
    """
    from helpers.tables import read_table  # pandas takes half a second, which reading a crawl need not pay

    table = read_table(TABLE)
    crawl = table.crawl.max() if crawl is None else crawl
    check_text("crawl", crawl)
    rows = table[table.crawl == crawl]
    if rows.empty:
        raise ValueError(f"crawl={crawl!r} is not in data/{TABLE}.csv; there are {', '.join(sorted(set(table.crawl)))}")
    return crawl, dict(zip(rows.language, rows.percent, strict=True))


def checked_shares(shares: Mapping[str, float]) -> dict[str, float]:
    """Shares of languages as parts of 1.

    Args:
        shares: per cent, or parts of 1, by language; all together 100, or 1, within `ROUNDING`.

    Raises:
        ValueError: if there is no text in a language, a share is negative or no number, or they do not sum to the whole.
    """
    for language, share in shares.items():
        if language != UNKNOWN and not sources_of(language):
            raise ValueError(
                f"shares has the language {language!r}, which there is no text in; "
                "use ISO 639-3 codes that name a translation of the Declaration, such as eng, rus or vie, or 'unknown'"
            )
        check_amount(f"shares[{language!r}]", share)
    total = sum(shares.values())
    if total > 0 and total == shares.get(UNKNOWN):
        raise ValueError(f"shares={dict(shares)} has no language but 'unknown'; give at least one")
    whole = 100 if total > 1 + ROUNDING else 1
    if abs(total - whole) > ROUNDING * whole:
        raise ValueError(f"shares sum to {total:g}; they must sum to 100, or to 1, within {ROUNDING:.0%}")
    return {language: share / total for language, share in shares.items()}


def plan(recipe: Recipe, index: int) -> Plan:
    """What page `index` of a crawl is to be. A duplicate's original is a good page before it, so the first is never one."""
    drawn = _draw(recipe, index)
    if drawn.kind not in (kinds.NEAR, kinds.EXACT):
        return drawn
    rng = Random(f"{recipe.seed}:original:{index}")
    for _ in range(100 if index else 0):
        original = _draw(recipe, rng.randrange(index))
        if original.kind == kinds.PAGE and original.index not in recipe.damaged:
            return replace(original, index=index, kind=drawn.kind, of=original.index)
    return replace(drawn, kind=kinds.PAGE)


def answer(recipe: Recipe, plan: Plan) -> Answer:
    """What the server of a page answers."""
    if plan.kind == kinds.EXACT:
        return replace(answer(recipe, _original(recipe, plan)), url=url_of(recipe, plan.index))
    rng, url = Random(f"{recipe.seed}:page:{plan.index}"), url_of(recipe, plan.index)
    if plan.kind == kinds.ERROR:
        return _error(url, rng)
    if not plan.source:
        return _without_language(url, plan.kind, rng)
    page = compose(recipe, plan)
    wrong = plan.kind == kinds.WRONG_CHARSET
    charset = kinds.wrong_charset(plan.source, rng) if wrong else kinds.right_charset(plan.source, recipe.noise, rng)
    header, meta = (charset.declared, "") if charset.where == "header" else ("", charset.declared)
    body = charset.encode(render(page, meta, rng))
    return Answer(url, Response(200, "OK", _content_type(header), body), charset, page.text)


def compose(recipe: Recipe, plan: Plan) -> Page:
    """What a page with a language says: its own text, or its original's with some of it changed, or spam, or a few words."""
    if plan.kind == kinds.NEAR:
        return _near_duplicate(recipe, plan)
    rng = Random(f"{recipe.seed}:text:{plan.index}")
    source = plan.source
    content = kinds.spam(source, rng) if plan.kind == kinds.SPAM else write(source, rng)
    if plan.kind == kinds.SHORT:
        content = rng.sample(words(source), 3)
    return Page(
        url=url_of(recipe, plan.index),
        source=source,
        title=rng.choice(sentences(source))[:60],
        sentences=tuple(content),
        menu=tuple(rng.sample(words(source), 6)),
        related=tuple(sentence[:50] for sentence in rng.sample(sentences(source), 4)),
        day=date(2025, 1, 1) + timedelta(days=rng.randrange(365)),
        layout=rng.choice(list(LAYOUTS)),
        entities=rng.random() < 0.1,
    )


def _near_duplicate(recipe: Recipe, plan: Plan) -> Page:
    """The original in another layout on another day, with one of its shorter sentences replaced, or two of a longer page."""
    original, rng = compose(recipe, _original(recipe, plan)), Random(f"{recipe.seed}:near:{plan.index}")
    changed = list(original.sentences)
    shorter = sorted(range(len(changed)), key=lambda place: len(changed[place]))[: (len(changed) + 1) // 2]
    for place in rng.sample(shorter, 2 if len(changed) > 12 else 1):
        others = rng.sample(sentences(plan.source), len(changed) + 1)
        changed[place] = next(other for other in others if other not in changed)
    return replace(
        original,
        url=url_of(recipe, plan.index),
        sentences=tuple(changed),
        menu=tuple(rng.sample(words(plan.source), 6)),
        day=original.day + timedelta(days=rng.randint(1, 300)),
        layout=rng.choice([name for name in LAYOUTS if name != original.layout]),
    )


def _original(recipe: Recipe, plan: Plan) -> Plan:
    if plan.of is None:
        raise ValueError(f"page {plan.index} is {plan.kind!r}, which has no original")
    return _draw(recipe, plan.of)


def _draw(recipe: Recipe, index: int) -> Plan:
    """What a page would be if it needed no original."""
    rng = Random(f"{recipe.seed}:plan:{index}")
    names, parts = zip(*recipe.shares, strict=True)
    if index in recipe.damaged:
        known = [part * (name != UNKNOWN) for name, part in recipe.shares]
        language = rng.choices(names, known)[0]
        return Plan(index, kinds.PAGE, language, rng.choice(sources_of(language)))
    if rng.random() < recipe.noise.error:
        return Plan(index, kinds.ERROR, "", "")
    language = rng.choices(names, parts)[0]
    rates = recipe.noise.without_language() if language == UNKNOWN else recipe.noise.kinds()
    kind = rng.choices(list(rates), list(rates.values()))[0]
    return Plan(index, kind, language, "" if language == UNKNOWN else rng.choice(sources_of(language)))


def url_of(recipe: Recipe, index: int) -> str:
    """The address of page `index`."""
    rng = Random(f"{recipe.seed}:url:{index}")
    return (
        f"https://www.site-{rng.randrange(500):03d}.example/{rng.choice(('p', 'item', 'article', 'topic'))}/{index:06d}.html"
    )


def _content_type(charset: str) -> str:
    return f"text/html; charset={charset}" if charset else "text/html"


def _error(url: str, rng: Random) -> Answer:
    status, reason = rng.choice(list(kinds.STATUSES.items()))
    body = plain(f"{status} {reason}", [f"{status} {reason}", "nginx"]).encode()
    return Answer(url, Response(status, reason, "text/html", body), Charset(declared=""), "")


def _without_language(url: str, kind: str, rng: Random) -> Answer:
    charset = Charset(declared=rng.choice(("utf-8", "")), real="" if kind == kinds.BINARY else "utf-8")
    text = ""
    if kind == kinds.BINARY:
        body = kinds.binary(rng)
    elif kind == kinds.EMPTY:
        body = rng.choice((b"", b"<!DOCTYPE html><html><head></head><body></body></html>", b"\n\n"))
    else:
        lines = kinds.digits(rng)
        body, text = plain("", lines).encode(), "\n".join(lines)
    return Answer(url, Response(200, "OK", _content_type(charset.declared), body), charset, text)
