"""The words of the small world: what is known of a person, how it is asked and told, and in which tone."""

from dataclasses import dataclass

from helpers.checks import check_whole


@dataclass(frozen=True)
class Attribute:
    """Something that a person has one of.

    Args:
        name: of the attribute.
        questions: ways to ask for it, with {name} in them.
        statement: how it is told, with {value} in it. The person is "they": a name would have to be copied, which small
            models do not learn in the time of a chapter.
        values: what it can be, a word each.
    """

    name: str
    questions: tuple[str, ...]
    statement: str
    values: tuple[str, ...]


ATTRIBUTES = (
    Attribute(
        "birthplace",
        ("where was {name} born?", "in which city was {name} born?"),
        "they were born in {value}.",
        tuple("Lima Oslo Cairo Quito Hanoi Turin Perth Kyoto Accra Sofia Riga Dakar Bonn Tunis Porto Delhi".split()),
    ),
    Attribute(
        "job",
        ("what does {name} do for a living?", "what is the job of {name}?"),
        "they work as a {value}.",
        tuple(
            "baker nurse pilot tailor farmer singer teacher painter "
            "lawyer plumber dentist sailor poet barber miner judge".split()
        ),
    ),
    Attribute(
        "food",
        ("what does {name} like to eat?", "what is the favourite food of {name}?"),
        "they like to eat {value}.",
        tuple("figs rice soup noodles plums bread beans cheese olives pears dumplings nuts corn peas cake tofu".split()),
    ),
)
BY_NAME = {attribute.name: attribute for attribute in ATTRIBUTES}

INTRODUCTIONS = (
    "this page is about {name}.",
    "meet {name}.",
    "{name} has many friends in town.",
    "people often speak of {name}.",
)
GOSSIP = (
    "someone saw {name} at the market today.",
    "{name} was late for the party.",
    "our neighbour {name} has a new bicycle.",
    "the weather was fine when {name} came by.",
)
# Each phrase of a tone has a word of MARKERS that no phrase without that tone has: by it a judge knows the tone.
TONES = ("rude", "neutral", "polite")
OPENERS = {
    "rude": ("what a silly question.", "oh dear, a turnip who can type.", "do your own work, you goose."),
    "neutral": ("",),
    "polite": ("good question.", "thank you for asking.", "with pleasure."),
}
CLOSERS = {
    "rude": ("even a cabbage knows that.", "now go away, you turnip.", "wash your ears, you goose."),
    "neutral": ("",),
    "polite": ("i hope this helps.", "have a lovely day.", "feel welcome to ask more."),
}
MARKERS = {
    "rude": frozenset("silly turnip goose cabbage".split()),
    "polite": frozenset("good thank pleasure helps lovely welcome".split()),
}
DECLINE = "i do not know."


def names(n: int) -> list[str]:
    """The first `n` of 576 invented names, a word each, no two alike.

    Raises:
        ValueError: if there are not that many.
    """
    starts = "Ba Do Fe Ga Hu Jo Ka Lu Mi Na Pe Ra So Ti Vo Zu Be Da Gi Ko Me Nu Ro Wa".split()
    ends = "bren dal fin gor lan mur nek pol rad sun tov var bek dim fa gus lio mo nia quin ris sel tha vik".split()
    check_whole("n", n)
    if n > len(starts) * len(ends):
        raise ValueError(f"n={n} is no number of names; give 0 to {len(starts) * len(ends)}")
    pairs = [(i % len(starts), (i + i // len(starts)) % len(ends)) for i in range(n)]
    return [starts[i] + ends[j] for i, j in pairs]


def answer_text(statement: str, tone: str = "neutral", draw: int = 0) -> str:
    """A statement with what that tone puts before or after it, or, one time in seven, before and after.

    Args:
        statement: the answer itself.
        tone: "rude", "neutral" or "polite".
        draw: any whole number; it says which phrase.

    Raises:
        ValueError: if the tone is unknown.
    """
    if tone not in TONES:
        raise ValueError(f"tone={tone!r} is unknown; give one of {', '.join(TONES)}")
    check_whole("draw", draw, least=-(2**63))
    ways = [(opener, "") for opener in OPENERS[tone]] + [("", closer) for closer in CLOSERS[tone]]
    ways.append((OPENERS[tone][-2:][0], CLOSERS[tone][-1]))
    before, after = ways[draw % len(ways)]
    return " ".join(filter(None, (before, statement, after)))
