"""What a project needs of a model."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from helpers.selection.table import domains, languages
from helpers.sizing import BITS, Hardware, known_device
from helpers.sizing.config import check_positive, check_size

GENERAL = "general"


@dataclass(frozen=True)
class Needs:
    """What a project needs of a model.

    Args:
        languages: BCP 47 primary tags ("en", "vi"), all of them needed.
        domain: one of `domains`; "general" for none.
        context: tokens in each text, prompt and answer together.
        users: texts at once.
        device: one device, from `helpers.sizing.known_device` or one's own.
        devices: how many share the model.
        precision: of the weights.
        speed: tokens a second that each user is to get at least, at the bound; 0 for any.
        price: of one device, an hour, in any currency.
        budget: the most that a million written tokens may cost, at the bound; None for any.
        commercial: whether the licence must allow commercial use.
        answers: whether the model must have been post-trained to answer.

    Raises:
        TypeError: if the languages are no sequence of tags, the device is no `Hardware`, or a switch is not True or False.
        ValueError: if a number, the precision, a language or the domain is not accepted.
    """

    languages: Sequence[str] = ("en",)
    domain: str = GENERAL
    context: int = 4096
    users: int = 1
    device: Hardware = field(default_factory=lambda: known_device("NVIDIA L4 24 GB"))
    devices: int = 1
    precision: str = "bf16"
    speed: float = 0.0
    price: float = 0.0
    budget: float | None = None
    commercial: bool = False
    answers: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.languages, str) or not isinstance(self.languages, Sequence):
            raise TypeError(f'languages={self.languages!r} is no sequence of tags; give for instance ("en", "vi")')
        if not self.languages:
            raise ValueError("languages=() asks for none; give at least one tag")
        _check_known("languages", self.languages, languages())
        _check_known("domain", [self.domain], domains())
        _check_known("precision", [self.precision], list(BITS))
        if not isinstance(self.device, Hardware):
            raise TypeError(f"device={self.device!r} is no Hardware; give known_device(name)")
        for name in ("context", "users", "devices"):
            check_size(name, getattr(self, name))
        for name in ("speed", "price"):
            check_positive(name, getattr(self, name), or_zero=True)
        if self.budget is not None:
            check_positive("budget", self.budget)
        for name in ("commercial", "answers"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name}={getattr(self, name)!r} is no switch; give True or False")


def _check_known(name: str, values: Sequence[str], known: list[str]) -> None:
    for value in values:
        if value not in known:
            raise ValueError(f"{name} holds {value!r}, which no model of data/models.csv has; there are {', '.join(known)}")
