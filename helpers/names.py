"""Languages by BCP 47 tag: their usual English names, how many people speak them, and in which part of the world."""

from functools import cache

NAMES = {  # where gflanguages is unusual or silent
    "bn": "Bengali", "dv": "Maldivian", "fil": "Filipino", "ms": "Malay", "tl": "Tagalog",
}  # fmt: skip


@cache
def _rows() -> dict[str, tuple[str, int]]:
    """Name and speakers by primary tag; gflanguages has a row a script, of which the one with most speakers counts."""
    import gflanguages  # half a second, paid by those who ask

    most: dict[str, tuple[str, int]] = {}
    for row in sorted(gflanguages.LoadLanguages().values(), key=lambda row: (row.population, row.id)):
        most[row.language] = (row.name.split(",")[0].split(" (")[0], row.population)
    return most


def name_of(bcp47: str, otherwise: str = "") -> str:
    """The usual English name of a language, whatever its script and country; `otherwise`, or the tag, where unknown."""
    primary = bcp47.split("-")[0]
    return NAMES.get(primary) or _rows().get(primary, (otherwise or bcp47,))[0]


def speakers_of(bcp47: str) -> int:
    """How many people speak a language, first or second, in whatever script and country; 0 where unknown."""
    return _rows().get(bcp47.split("-")[0], ("", 0))[1]


def region_of(bcp47: str) -> str:
    """The part of the world where a language is most at home: "Africa", "Americas", "Asia", "Europe" or "Oceania".

    It is that of the country which CLDR's likely subtags (through Babel) give the language, grouped as gflanguages does; of
    the first country that gflanguages lists for it where CLDR has none; "unknown" where neither has.
    """
    from babel.core import get_global

    primary = bcp47.split("-")[0]
    listed, parts = _countries()
    likely = get_global("likely_subtags").get(primary, "").split("_")[-1]
    return next((parts[country] for country in [likely, *listed.get(primary, [])] if country in parts), "unknown")


@cache
def _countries() -> tuple[dict[str, list[str]], dict[str, str]]:
    """The countries of each primary tag, and the part of the world of each country, as gflanguages has them."""
    import gflanguages

    listed: dict[str, list[str]] = {}
    for row in gflanguages.LoadLanguages().values():
        listed.setdefault(row.language, []).extend(row.region)
    regions = gflanguages.LoadRegions().values()
    return listed, {row.id: row.region_group[0] for row in regions if row.region_group}
