"""Languages by BCP 47 tag: their usual English names, and how many people speak them, from gflanguages."""

from functools import cache

NAMES = {"bn": "Bengali", "dv": "Maldivian", "fil": "Filipino", "tl": "Tagalog"}  # where gflanguages is unusual or silent


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
