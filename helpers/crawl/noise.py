"""What is wrong with the web: how often, and what such pages hold."""

from dataclasses import dataclass, fields
from random import Random

from helpers.crawl.texts import join, sentences, words

#: What a record of the crawl can be.
PAGE, NEAR, EXACT, SPAM, WRONG_CHARSET, SHORT = "page", "near-duplicate", "exact-duplicate", "spam", "wrong-charset", "short"
NO_LETTERS, BINARY, EMPTY, ERROR = "no-letters", "binary", "empty", "error"

#: Charsets of before UTF-8, by text; a text that they can't write (Persian, Vietnamese, Burmese …) has none.
LATIN_1 = ("windows-1252", "iso-8859-1")
LATIN_2 = ("windows-1250", "iso-8859-2")
LEGACY: dict[str, tuple[str, ...]] = {
    "rus": ("windows-1251", "koi8-r"), "ukr": ("windows-1251", "koi8-u"), "bul": ("windows-1251",),
    "srp_cyrl": ("windows-1251",), "jpn": ("shift_jis", "euc-jp"), "cmn_hans": ("gbk", "gb18030"), "cmn_hant": ("big5",),
    "kor": ("euc-kr",), "ell_monotonic": ("windows-1253", "iso-8859-7"), "tur": ("windows-1254", "iso-8859-9"),
    "heb": ("windows-1255",), "arb": ("windows-1256",), "tha": ("tis-620",),
    **dict.fromkeys(("pol", "ces", "slk", "hun", "hrv", "ron_2006", "srp_latn"), LATIN_2),
    **dict.fromkeys(
        "addresses moby-dick eng deu_1996 fra spa por_BR por_PT ita nld swe dan fin nob ind swh".split(), LATIN_1
    ),
}  # fmt: skip

MAGIC = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    b"PK\x03\x04\x14\x00\x00\x00",
    b"\x89PNG\r\n\x1a\n",
)
STATUSES = {301: "Moved Permanently", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error"}


@dataclass(frozen=True)
class Noise:
    """How much of the crawl is what it should not be, each between 0 and 1.

    `error` is a part of all responses: those with a status other than 200. `near_duplicate`, `exact_duplicate`, `spam`,
    `wrong_charset` and `short` are parts of the pages with a language, and together at most 1; `legacy_charset` and
    `undeclared` are the parts of good pages in a charset other than UTF-8 that is declared, and in UTF-8 that is not.
    How many pages have no language is not noise but a share of the crawl's table, "unknown"; `binary` and `empty` are
    parts of these, together at most 1, and the others have text without letters. `corrupt` says whether bytes are flipped
    in the middle of one member of the first file, `truncated` whether the last file ends in the middle of its last member.
    """

    error: float = 0.02
    near_duplicate: float = 0.08
    exact_duplicate: float = 0.03
    spam: float = 0.05
    wrong_charset: float = 0.03
    short: float = 0.03
    legacy_charset: float = 0.04
    undeclared: float = 0.1
    binary: float = 0.3
    empty: float = 0.3
    corrupt: bool = True
    truncated: bool = True

    def __post_init__(self) -> None:
        rates = {field.name: getattr(self, field.name) for field in fields(self) if field.type is float}
        for name, rate in rates.items():
            if not 0 <= rate <= 1:
                raise ValueError(f"{name}={rate!r} is not a rate; it must lie between 0 and 1")
        for group in ((NEAR, EXACT, SPAM, WRONG_CHARSET, SHORT), (BINARY, EMPTY), ("legacy_charset", "undeclared")):
            names = [kind.replace("-", "_") for kind in group]
            if sum(rates[name] for name in names) > 1:
                raise ValueError(f"{' + '.join(names)} = {sum(rates[name] for name in names):g} is more than 1")

    def kinds(self) -> dict[str, float]:
        """The parts of the pages with a language that are of each kind, all together 1."""
        parts = {kind: getattr(self, kind.replace("-", "_")) for kind in (NEAR, EXACT, SPAM, WRONG_CHARSET, SHORT)}
        return {**parts, PAGE: 1 - sum(parts.values())}

    def without_language(self) -> dict[str, float]:
        """The parts of the pages without a language that are of each kind, all together 1."""
        return {BINARY: self.binary, EMPTY: self.empty, NO_LETTERS: 1 - self.binary - self.empty}


@dataclass(frozen=True)
class Charset:
    """What a page's bytes are in, what is said of them ("" for nothing) and where: in the "header" or in a "meta" tag."""

    real: str = "utf-8"
    declared: str = "utf-8"
    where: str = "header"

    def encode(self, page: str) -> bytes:
        """The page's bytes; a character that the charset does not have becomes an HTML reference, as in an old editor."""
        return page.encode(self.real, "xmlcharrefreplace")

    def read(self, body: bytes) -> str:
        """What a crawler reads that believes what is declared, and else assumes UTF-8."""
        return body.decode(self.declared or "utf-8", "replace")

    def garbles(self, body: bytes) -> bool:
        """Whether such a crawler reads something else than was written; ASCII survives every wrong label."""
        return bool(self.real) and self.read(body) != body.decode(self.real)


def right_charset(source: str, noise: Noise, rng: Random) -> Charset:
    """A charset that is declared as what it is, or not declared where it is UTF-8."""
    chance, where = rng.random(), rng.choice(("header", "meta"))
    if chance < noise.undeclared:
        return Charset(declared="", where=where)
    if chance < noise.undeclared + noise.legacy_charset and source in LEGACY:
        real = rng.choice(LEGACY[source])
        return Charset(real, real, where)
    return Charset(where=where)


def wrong_charset(source: str, rng: Random) -> Charset:
    """Bytes of an old charset that are declared or assumed to be UTF-8, or UTF-8 that is declared to be Latin-1."""
    where = rng.choice(("header", "meta"))
    if source in LEGACY and rng.random() < 0.7:
        return Charset(rng.choice(LEGACY[source]), rng.choice(("utf-8", "")), where)
    return Charset("utf-8", rng.choice(LATIN_1), where)


def spam(source: str, rng: Random) -> list[str]:
    """Sentences of a page that is there for search engines: eight keywords over and over, or one line many times."""
    keywords = rng.sample(words(source), 8)
    if rng.random() < 0.5:
        return [join([rng.choice(keywords) for _ in range(12)], source) for _ in range(rng.randint(8, 30))]
    return [f"{rng.choice(sentences(source))} {join(keywords[:3], source)}"] * rng.randint(10, 40)


def binary(rng: Random) -> bytes:
    """The beginning of a picture, a document or an archive, and 1 to 8 kB that look like the rest of it."""
    return rng.choice(MAGIC) + rng.randbytes(rng.randint(1000, 8000))


def digits(rng: Random) -> list[str]:
    """Lines without a letter: numbers, dates and prices as in a table without its head."""
    row = lambda: (rng.randint(1, 9999), rng.randint(1, 28), rng.randint(1, 12), rng.randint(100, 99999) / 100)  # noqa: E731
    return ["{:05d} | {:02d}.{:02d}.2025 | {:.2f} € | 100 % ★★★★☆".format(*row()) for _ in range(rng.randint(5, 40))]
