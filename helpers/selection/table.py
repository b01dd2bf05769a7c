"""The models that there are to choose from, and what their vocabularies make of a language."""

from dataclasses import dataclass
from functools import cache

from helpers.tables import read_table


@dataclass(frozen=True)
class Model:
    """What is known of a model; None, or no language, where `data/models.csv` is silent.

    Args:
        name: of the model.
        config: its sizes' name in `data/model_configs.json`.
        context: tokens of a text that it was made for.
        licence: its name.
        commercial: whether that allows commercial use, be it under conditions.
        languages: BCP 47 primary tags of those that its makers name.
        domain: "general", or the field that it was trained for.
        answers: whether it was post-trained to answer.
        vocabulary: a key of `helpers.tokens.VOCABULARIES`.
        released: year and month.
        source: key of the bibliography.
    """

    name: str
    config: str
    context: int | None
    licence: str
    commercial: bool | None
    languages: tuple[str, ...]
    domain: str
    answers: bool | None
    vocabulary: str | None
    released: str | None
    source: str


@cache
def models() -> tuple[Model, ...]:
    """The models of `data/models.csv`, in its order."""
    rows = read_table("models")
    return tuple(_model(row) for row in rows.astype(object).where(rows.notna(), None).to_dict("records"))


def _model(row: dict) -> Model:
    return Model(
        name=row["model"],
        config=row["config"],
        context=None if row["context"] is None else int(row["context"]),
        licence=row["licence"],
        commercial={"yes": True, "no": False, None: None}[row["commercial"]],
        languages=tuple((row["languages"] or "").split()),
        domain=row["domain"],
        answers={"instruct": True, "base": False, None: None}[row["post_training"]],
        vocabulary=row["vocabulary"],
        released=row["released"],
        source=row["source"],
    )


def languages() -> list[str]:
    """Tags of the languages that some model's makers name."""
    return sorted({tag for model in models() for tag in model.languages})


def domains() -> list[str]:
    """What models were trained for, "general" first."""
    return sorted({model.domain for model in models()}, key=lambda domain: (domain != "general", domain))


@cache
def premiums_of(vocabulary: str) -> dict[str, float]:
    """Return how many times the tokens of English the same articles take, by tag, as `data/premiums.csv` has it.

    Args:
        vocabulary: a key of `helpers.tokens.VOCABULARIES`.

    Raises:
        ValueError: if the table has no such vocabulary.
    """
    rows = read_table("premiums")
    rows = rows[rows["vocabulary"] == vocabulary]
    if rows.empty:
        raise ValueError(f"vocabulary={vocabulary!r} is not in data/premiums.csv")
    found = dict(zip(rows["tag"], rows["premium"], strict=True))
    return {tag: float(found[tag]) for tag in languages() if tag in found}
