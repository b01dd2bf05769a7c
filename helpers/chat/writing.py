"""Let the model write: answers to many prompts at once, or one answer piece by piece."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from helpers.chat.loading import load
from helpers.chat.prompts import check_room, prompt_rows
from helpers.checks import check_whole
from helpers.progress import progress

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from helpers.chat.growing import Allowed, Row
    from helpers.chat.loading import Loaded
    from helpers.sampling.draws import Settings


@dataclass(frozen=True)
class Answer:
    """What the model wrote.

    Args:
        text: without the token or string that ended it.
        ids: of its tokens, with those that ended it.
        log_probs: of each token in the model's own distribution, before any setting of the sampler, in nats.
        finished: whether it ended by itself, not at the limit of tokens.
    """

    text: str
    ids: tuple[int, ...]
    log_probs: tuple[float, ...]
    finished: bool


def generate(
    prompts: Sequence[str | Sequence[int]],
    *,
    max_new_tokens: int,
    sampler: "Settings | Sequence[Settings | None] | None" = None,
    seed: int = 0,
    batch_size: int = 64,
    stop: str | None = None,
    allowed: "Allowed | None" = None,
    model: "Loaded | None" = None,
    label: str = "answering",
) -> list[Answer]:
    """An answer to each prompt, the same as if each were written alone.

    Give a prompt several times for several samples: answers that are the same so far are computed once, and part where
    their draws part. That is no approximation, for a row of the model depends on its own tokens alone.

    Args:
        prompts: texts, each begun as a document in pre-training, or rows of ids such as `asked` gives.
        max_new_tokens: of an answer, at most.
        sampler: how tokens are drawn, for all or one each prompt; None takes the likeliest each time.
        seed: of the draws. The draws of an answer depend on it and on the place of its prompt, not on the batch.
        batch_size: answers computed together.
        stop: a string at which an answer ends, beside the model's own end tokens.
        allowed: from the ids of an answer so far to the ids, or a mask (V,), that may come next; None for all.
        model: from `load`; None for the chat model.
        label: of the progress bar.

    Raises:
        TypeError, ValueError: if there are no prompts or they don't fit the model's context, a count is below 1, or a
            setting of the sampler makes no sense.
    """
    import torch

    from helpers.chat.growing import end_ids, grow

    loaded, tokenizer = model or load()
    rows = prompt_rows(prompts, tokenizer)
    _check_options(max_new_tokens, seed, stop, batch_size)
    check_room(loaded, rows, "prompt", more=max_new_tokens)
    samplers = list(sampler) if isinstance(sampler, Sequence) else [sampler] * len(rows)
    if len(samplers) != len(rows):
        raise ValueError(f"{len(samplers)} samplers for {len(rows)} prompts; give one for all, or one each")
    generator = torch.Generator().manual_seed(seed)
    uniforms = torch.rand(len(rows), max_new_tokens, dtype=torch.float64, generator=generator)
    answers: dict[int, Answer] = {}
    # Like lengths together, for little padding, and equal prompts together, to merge.
    order = sorted(range(len(rows)), key=lambda i: (len(rows[i]), rows[i]))
    for start in progress(range(0, len(order), batch_size), label):
        batch = order[start : start + batch_size]
        settings = [samplers[i] for i in batch]
        growing = grow([tuple(rows[i]) for i in batch], uniforms[batch], settings, stop, allowed, (loaded, tokenizer))
        for done in (row for step in growing for row in step if row.finished or len(row.ids) == max_new_tokens):
            for member in done.members:
                answers[batch[member]] = _answer(done, tokenizer, stop, end_ids(loaded))
    return [answers[i] for i in range(len(rows))]


def stream(
    prompt: str | Sequence[int],
    *,
    max_new_tokens: int,
    sampler: "Settings | None" = None,
    seed: int = 0,
    stop: str | None = None,
    model: "Loaded | None" = None,
) -> Iterator[str]:
    """One answer, piece by piece as it is written; together the pieces are the text of `generate`'s.

    Args:
        prompt, max_new_tokens, sampler, seed, stop, model: as in `generate`.

    Raises:
        TypeError, ValueError: as `generate` does, before the first piece.
    """
    import torch

    from helpers.chat.growing import end_ids, grow

    loaded, tokenizer = model or load()
    rows = prompt_rows([prompt], tokenizer)
    _check_options(max_new_tokens, seed, stop)
    check_room(loaded, rows, "prompt", more=max_new_tokens)
    uniforms = torch.rand(1, max_new_tokens, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))

    def pieces() -> Iterator[str]:
        shown = ""
        for (row,) in grow([tuple(rows[0])], uniforms, [sampler], stop, None, (loaded, tokenizer)):
            text = _answer(row, tokenizer, stop, end_ids(loaded)).text
            # A character of several tokens is not yet whole, and what may become the stop string is held back.
            last = row.finished or len(row.ids) == max_new_tokens
            if last or not (text.endswith("\N{REPLACEMENT CHARACTER}") or _begins(text, stop)):
                if text != shown:
                    yield text[len(shown) :]
                shown = text

    return pieces()


def _answer(row: "Row", tokenizer: "PreTrainedTokenizerFast", stop: str | None, ends: set[int]) -> Answer:
    text = str(tokenizer.decode(list(row.ids[:-1] if row.ids[-1] in ends else row.ids)))
    return Answer(text.split(stop)[0] if stop else text, row.ids, row.log_probs, row.finished)


def _begins(text: str, stop: str | None) -> bool:
    """Whether the text ends in what may become the stop string."""
    return stop is not None and any(text.endswith(stop[:n]) for n in range(1, len(stop)))


def _check_options(max_new_tokens: int, seed: int, stop: str | None, batch_size: int = 1) -> None:
    check_whole("max_new_tokens", max_new_tokens, least=1)
    check_whole("batch_size", batch_size, least=1)
    check_whole("seed", seed)
    if stop == "":
        raise ValueError("stop='' is in every text; give a string, or None for no stop")
