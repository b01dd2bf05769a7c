"""Answers of the chat model that are kept: what was asked before with the same settings is read from the cache.

What changes any of prompts, settings, model, this package's samplers or torch's version is another file, so a reader who
changes a setting sees it computed. `python -m helpers.remember` forgets all answers.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from helpers import chat, sampling
from helpers.assets import cache_dir, path
from helpers.chat import Answer


def generate(prompts: Sequence[str | Sequence[int]], **options: Any) -> list[Answer]:
    """`helpers.chat.generate` of the book's chat model, computed once.

    Args:
        prompts, options: as there, but for `allowed` and `model`, which have no name that a file could be kept under.

    Raises:
        TypeError: if `allowed` or `model` is given.
        TypeError, ValueError: as `helpers.chat.generate` does.
    """
    if unkept := {"allowed", "model"} & set(options):
        raise TypeError(f"{unkept.pop()} can't be kept; call helpers.chat.generate")
    file = answers_file(prompts, **options)
    if (kept := _read(file)) is not None:
        return kept
    answers = chat.generate(prompts, **options)
    _write(answers, file)
    return answers


def answers_file(prompts: Sequence[str | Sequence[int]], **options: Any) -> Path:
    """Where the answers to these prompts with these options are kept."""
    import torch

    asked = {key: value for key, value in options.items() if key not in ("label", "batch_size")}
    digest = hashlib.sha256(
        repr([list(prompts), sorted(asked.items()), path("chat-model").name, torch.__version__]).encode()
    )
    digest.update(_source())
    return folder() / f"{digest.hexdigest()[:16]}.json"


def folder() -> Path:
    """Where all kept answers are."""
    return cache_dir() / "answers"


def forget() -> int:
    """Forget all answers; how many files they were."""
    count = len(list(folder().glob("*.json")))
    shutil.rmtree(folder(), ignore_errors=True)
    return count


@cache
def _source() -> bytes:
    """The code that answers come from."""
    folders = [Path(package.__path__[0]) for package in (chat, sampling)]
    return b"".join(file.read_bytes() for place in folders for file in sorted(place.glob("*.py")))


def _read(file: Path) -> list[Answer] | None:
    """The answers of a file; None if there is none, or it is damaged."""
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        answers = [Answer(r["text"], tuple(r["ids"]), tuple(r["log_probs"]), r["finished"]) for r in rows]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return answers or None


def _write(answers: Sequence[Answer], file: Path) -> None:
    """Write beside the place and move there, so that a run that is stopped leaves no half file under the name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps([asdict(answer) for answer in answers]), encoding="utf-8")
    partial.replace(file)


if __name__ == "__main__":
    print(f"{forget()} sets of answers forgotten")
