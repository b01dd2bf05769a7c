"""Code on a page: most of a chapter's elements are its coloured words, so what has no colour of its own gets no element.

A block also says how many lines it has: a browser can leave its place free and lay it out when it comes near the window.
"""

import re
from functools import cache

from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Text

BLOCK = re.compile(r'(<div class="highlight"[^>]*><pre)>(?:<span></span>)?(.*?)</pre>', re.DOTALL)
WORD = re.compile(r'<span class="(\w+)">([^<]*)</span>')


def lighten(body: str, styles: tuple[str, ...]) -> str:
    """The body of a page with fewer elements in its code, and the number of lines at each block.

    Args:
        body: HTML, as Pygments coloured its code.
        styles: names of the Pygments styles that the site has.
    """
    dull = plain(styles)

    def bare(word: re.Match) -> str:
        return word[2] if word[1] in dull else word[0]

    def block(found: re.Match) -> str:
        n_lines = found[2].rstrip("\n").count("\n") + 1
        return f'{found[1]} style="--lines: {n_lines}">{WORD.sub(bare, found[2])}</pre>'

    return BLOCK.sub(block, body)


@cache
def plain(styles: tuple[str, ...]) -> frozenset[str]:
    """The classes of words that look as text does in each of some Pygments styles."""
    looks = [get_style_by_name(name).style_for_token for name in styles]
    return frozenset(
        name for token, name in STANDARD_TYPES.items() if name and all(look(token) == look(Text) for look in looks)
    )
