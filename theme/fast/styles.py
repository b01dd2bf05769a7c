"""The rules of a style that a site can use: three of four that the theme brings name classes that no page has."""

import re
from collections.abc import Iterable, Set
from pathlib import Path

import tinycss2
from tinycss2.ast import Node

WORD = re.compile(r"[\w-]+")
OTHERS = re.compile(r"searchindex\.js$|fontawesome|/engine/")  # words of the book, of icons, of llama.cpp
NAMED = re.compile(r"[.#]([\w-]+)")
ARGUMENTS = re.compile(r"\((?:[^()]|\([^()]*\))*\)")  # of :not(), :is() and their like: any of them may hold
COMMA = re.compile(r",(?![^()]*\))")
NESTED = frozenset({"media", "supports"})  # rules that hold rules


def words_of(site: Path) -> set[str]:
    """Return every word of a site's pages and scripts: a class or an id that is none of them is on no page."""
    files = [file for kind in ("*.html", "*.js") for file in site.rglob(kind) if not OTHERS.search(file.as_posix())]
    return {word for file in files for word in WORD.findall(file.read_text(encoding="utf-8", errors="replace"))}


def purged(style: str, words: Set[str]) -> str:
    """Return a style without comments and without rules whose classes or ids are none of the words.

    A script may put a name together, "kind-" and what follows: a name whose beginning is a word is kept.
    """
    return _written(tinycss2.parse_stylesheet(style, skip_comments=True, skip_whitespace=True), words)


def _written(rules: Iterable[Node], words: Set[str]) -> str:
    written = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [one.strip() for one in COMMA.split(tinycss2.serialize(rule.prelude))]
            if kept := [one for one in selectors if _can_match(one, words)]:
                written.append(f"{','.join(kept)}{{{tinycss2.serialize(rule.content).strip()}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in NESTED:
            if inner := _written(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True), words):
                written.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}")
        else:
            written.append(rule.serialize())
    return "\n".join(written)


def _can_match(selector: str, words: Set[str]) -> bool:
    names = NAMED.findall(ARGUMENTS.sub("", selector))
    return "\\" in selector or all(name in words or any(start in words for start in _starts(name)) for name in names)


def _starts(name: str) -> list[str]:
    return [name[: i + 1] for i, letter in enumerate(name) if letter == "-" and i]
