"""Configurations as makers publish them: those of `data/model_configs.json`, and the sizes in one, by any of their names."""

import json
from collections.abc import Mapping
from typing import Any

from helpers.sizing.config import check_size
from helpers.tables import DATA

_KNOWN = json.loads((DATA / "model_families.json").read_text("utf-8"))
PLAIN: dict[str, Any] = _KNOWN["plain"]  # what Llama does, and each family of `FAMILIES` unless it says otherwise there
FAMILIES: dict[str, dict[str, Any]] = _KNOWN["families"]  # by transformers' `model_type`
NAMES: dict[str, list[str]] = _KNOWN["names"]  # of a size; the last that is there counts, and an error names the first
BLOCKS = {"M": "linear_attention", "E": "moe", "*": "full_attention", "-": "mlp"}  # of Nemotron's patterns
MOST_LAYERS = 10_000
_MODELS = {row["model"]: row for row in json.loads((DATA / "model_configs.json").read_text("utf-8"))}


def _row(name: str) -> dict[str, Any]:
    if name not in _MODELS:
        raise ValueError(f"name={name!r} is not in data/model_configs.json; there are {', '.join(_MODELS)}")
    return _MODELS[name]


def known_models() -> list[str]:
    """Return the names of the models whose configurations are in `data/model_configs.json`."""
    return list(_MODELS)


def published_config(name: str) -> dict[str, Any]:
    """Return a model's published configuration: the sizes of its `config.json`."""
    return dict(_row(name)["config"])


def released(name: str) -> str | None:
    """Return the year and month of a model's release ("2025-08"), or None where it is not known."""
    return _row(name)["released"]


class Reader(dict[str, Any]):
    """A published configuration: sizes by any of their names, checked, and what its family does."""

    def __init__(self, published: Mapping[str, Any]) -> None:
        if not isinstance(published, Mapping):
            raise ValueError(f"published={published!r} is no configuration; give the contents of a config.json")
        kind, text = published.get("model_type"), published.get("text_config")
        if isinstance(text, Mapping):  # of a model that also sees or hears
            published = {"tie_word_embeddings": published.get("tie_word_embeddings"), **text}
            kind = text.get("model_type", f"{kind}_text" if kind else None)
        if not isinstance(kind, str) or kind not in FAMILIES:
            raise ValueError(f"model_type={kind!r} is no family that is known here; there are {', '.join(sorted(FAMILIES))}")
        self.does = PLAIN | FAMILIES[kind]
        given = {**self.does["defaults"], **published}  # with sizes that checkpoints leave out
        super().__init__({name: value for name, value in given.items() if value is not None})
        pattern = self.get("hybrid_override_pattern")
        if isinstance(pattern, str):
            self["layers_block_type"] = [BLOCKS.get(letter, letter) for letter in pattern]
        blocks = self.get("layers_block_type")
        self.n_layers: int = len(blocks) if isinstance(blocks, list) else self.named("layers")
        if self.n_layers > MOST_LAYERS:
            raise ValueError(f"num_hidden_layers={self.n_layers} is more than {MOST_LAYERS:,}; give at most that")
        self.vocab: int = self.size("vocab_size")
        self.d: int = self.named("d")

    def size(self, name: str, default: Any = ..., least: int = 1) -> Any:
        """A size by its name; a missing one is `default`, or an error."""
        if name not in self and default is not ...:
            return default
        check_size(name, self.get(name), least=least)
        return self[name]

    def named(self, what: str, default: Any = ..., least: int = 1) -> Any:
        """A size by the last of its names that is there."""
        names = self.does["names"].get(what, NAMES[what])
        return self.size(next((name for name in reversed(names) if name in self), names[0]), default, least)

    def kinds(self) -> list[str]:
        """What each layer is; empty where no list says so."""
        return self.types("layer_types") or self.types("layers_block_type")

    def types(self, name: str) -> list[str]:
        """A kind for each layer; empty where the list is missing, and the family does without."""
        listed = self.get(name)
        if listed is None and name not in self.does["listed"]:
            return []
        if not isinstance(listed, list) or len(listed) != self.n_layers:
            raise ValueError(f"{name} is no list of {self.n_layers} kinds, one a layer; give as many as there are layers")
        return listed


def check_divides(name: str, value: int, whole_name: str, whole: int) -> None:
    """Refuse a size that leaves a remainder of another."""
    if whole % value:
        raise ValueError(f"{name}={value} does not divide {whole_name}={whole}; give a divisor of {whole}")
