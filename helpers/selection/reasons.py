"""Reasons in words, each with the claim of the book that says why it counts."""

from dataclasses import dataclass

from helpers.claims import number

SUPPORT = {  # a criterion, and the claim behind it; "" where it is a fact and no finding
    "licence": "", "answers": "post-continues", "languages": "data-no-vietnamese", "context": "",
    "memory": "size-memory-predicted", "speed": "size-decode-bandwidth", "budget": "size-batch",
    "domain": "domain-beats-more", "size": "size-scaling-law", "premium": "tokens-latency", "room": "size-cache-grows",
}  # fmt: skip
TEXTS = {  # a kind of reason: its criterion, and a mark where there is more than one
    "licence": "The licence, {licence}, does not allow commercial use.",
    "licence?": "Whether the licence, {licence}, allows commercial use is not known here.",
    "answers": "A base model: it goes on with a text, and was not trained to answer.",
    "answers?": "Whether it was trained to answer is not known here.",
    "languages": "Its makers do not name {languages}.",
    "languages?": "Its languages are not known here.",
    "context": "It was made for {most} tokens, fewer than {context}.",
    "context?": "How long a text it was made for is not known here.",
    "memory": "It needs {needed} GB, {more} GB more than there are.",
    "speed": "A user gets at most {speed} tokens a second, fewer than {least}.",
    "budget": "A million tokens written cost at least {cost}, more than {most}.",
    "domain": "Trained for {domain}.",
    "domain-": "Trained for {domain}, which is not what is asked for.",
    "size": "It has {total} billion parameters.",
    "size+": "It has {total} billion parameters, of which {active} billion work on a token.",
    "premium": "Its vocabulary takes {premium}× the tokens of English.",
    "premium?": "What its vocabulary makes of these languages is not known here.",
    "speed+": "A user gets at most {speed} tokens a second.",
    "room": "{room} GB of {there} GB are left.",
}


@dataclass(frozen=True)
class Reason:
    """Why a model is ruled out, or what its rank follows from.

    Args:
        kind: a key of `TEXTS`; a "?" at its end says that a fact is unknown.
        values: what the text is filled with.
    """

    kind: str
    values: dict[str, str | float]

    @property
    def criterion(self) -> str:
        """A key of `SUPPORT`."""
        return self.kind.rstrip("?+-")

    @property
    def support(self) -> str:
        """Id of the claim that says why it counts; "" for none."""
        return SUPPORT[self.criterion]

    @property
    def text(self) -> str:
        """In words, with the figures."""
        shown = {name: value if isinstance(value, str) else number(value) for name, value in self.values.items()}
        return TEXTS[self.kind].format(**shown)


def reason(kind: str, **values: str | float) -> Reason:
    """A reason of a kind, with what its text is filled with."""
    return Reason(kind, values)
