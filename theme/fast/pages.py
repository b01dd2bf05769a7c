"""What a single page holds: scripts that it does not use, elements that show nothing, sizes that a browser would look up."""

import re

NEVER = "\0"
NEEDED_BY = {  # a script, and the mark of the pages that use it
    "fontawesome": NEVER, "tex-mml-chtml": NEVER,
    "searchtools": 'id="search-results"', "language_data": 'id="search-results"', "searchindex": 'id="search-results"',
    "design-tabs": "sd-tab-set",
}  # fmt: skip
SCRIPT = re.compile(r'\s*<script\b[^>]*\bsrc="(?:[^"]*/)?([\w-]+)\.js[^"]*"[^>]*></script>')
MERMAID = re.compile(r'\s*<script type="module">(?:(?!</script>).)*mermaid.*?</script>', re.DOTALL)
MATHJAX = re.compile(r"\s*<script>window\.MathJax = .*?</script>", re.DOTALL)
PRELOAD = re.compile(r'[ \t]*<link\b(?=[^>]*\brel="preload")(?=[^>]*\bas="script")[^>]*>\n?')
THEME = 'dataset.theme = localStorage.getItem("theme") || "auto";'  # "auto" has no colours until all scripts have come
THEME_NOW = (
    'dataset.theme = {light: "light", dark: "dark"}[localStorage.getItem("mode")] || '
    '(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");'
)
BLOCK = re.compile(r'(<div class="highlight"[^>]*><pre)>(?:<span></span>)?(.*?)</pre>', re.DOTALL)
WORD = re.compile(r'<span class="(\w+)">([^<]*)</span>')
COLOUR = re.compile(r'html\[data-theme="(\w+)"\] \.highlight (?:\.(\w+) )?\{([^}]*)\}')
DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
PLACES = re.compile(r'\s(?:x|y|d|cx|cy|points|transform)="[^"]*"')
SHEET = re.compile(  # matplotlib's, for every element of the page; book.css has it for figures
    r'<defs>\s*<style type="text/css">\*\{stroke-linejoin: round; stroke-linecap: butt\}</style>\s*</defs>'
)
SPACE = re.compile(r"(?<=>)\n\s*(?=<(?!/?tspan))")  # between words it shows
NAME = re.compile(r' id="([^"]*)"')
CALLED = re.compile(r"#([\w-]+)")
DIGITS = re.compile(r"(\.\d\d)\d+")
FIGURE = re.compile(
    r'(<figure class="plot"[^>]*>(?:<figcaption\b.*?</figcaption>)?<svg\b(?=[^>]*\bviewBox="0 0 ([\d.]+) ([\d.]+)")'
    r'[^>]*\bstyle=")',
    re.DOTALL,
)
PLOT = re.compile(r'<figure class="plot".*?</figure>', re.DOTALL)


def lighten(page: str, dull: frozenset[str]) -> str:
    """Return a page without what it does not need.

    Args:
        page: HTML, as Sphinx wrote it.
        dull: the classes of words of code that need no colour, from `dull_words`.
    """
    page = SCRIPT.sub(lambda script: script[0] if NEEDED_BY.get(script[1], "<") in page else "", page)
    page = PRELOAD.sub("", MATHJAX.sub("", page)).replace(THEME, THEME_NOW)
    if "data-diagram=" not in page:  # one that the reader's browser has to draw
        page = MERMAID.sub("", page)
    page = BLOCK.sub(lambda block: _plain(block, dull), page)
    page = DRAWING.sub(lambda drawing: PLACES.sub(lambda place: DIGITS.sub(r"\1", place[0]), drawing[0]), page)
    page = FIGURE.sub(r"\1aspect-ratio:\2/\3;", page)
    return PLOT.sub(lambda plot: _drawn(plot[0]), page)


def dull_words(style: str) -> frozenset[str]:
    """Return the classes of words that look like the text around them, in light and in dark: most words of code.

    Args:
        style: the theme's `pygments.css`.
    """
    looks = {(theme, name): rule.split("color: ")[-1].strip() for theme, name, rule in COLOUR.findall(style)}
    base = {theme: look for (theme, name), look in looks.items() if not name}
    coloured = {name for (theme, name), look in looks.items() if look != base.get(theme)}
    return frozenset(name for _, name in looks if name) - coloured


def _drawn(plot: str) -> str:
    """Return a figure without a style of its own, names that nothing calls, and space between its elements."""
    called = set(CALLED.findall(plot))
    return NAME.sub(lambda name: name[0] if name[1] in called else "", SPACE.sub("", SHEET.sub("", plot)))


def _plain(block: re.Match, dull: frozenset[str]) -> str:
    """Return a block of code that says how many lines it has, and whose dull words are no elements."""
    n_lines = block[2].rstrip("\n").count("\n") + 1
    words = WORD.sub(lambda word: word[2] if word[1] in dull else word[0], block[2])
    return f'{block[1]} style="--lines: {n_lines}">{words}</pre>'
