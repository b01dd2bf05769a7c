"""A miniature crawl: true WARC and WET files of pages whose truth is known, in Common Crawl's shares of languages.

Each page is made from the seed and its number alone, so nothing is kept in memory, and a near-duplicate is made by making
its original again.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.crawl.files import TRUTH, names, write_files
from helpers.crawl.noise import Noise
from helpers.crawl.plan import Recipe, checked_shares, published_shares
from helpers.crawl.texts import UNKNOWN, sources_of

if TYPE_CHECKING:
    import pandas as pd

RECIPE = "recipe.json"


@dataclass(frozen=True)
class MiniCrawl:
    """A crawl on disk: its folder, its WARC and WET files, its table of truth, and how much there is of it.

    `n_records` counts the records of the WARC files, a warcinfo each and a request and a response a page; `n_wet_records`
    those of the WET files, a warcinfo each and a page of text each. Both count the damaged ones.
    """

    folder: Path
    warcs: tuple[Path, ...]
    wets: tuple[Path, ...]
    truth_path: Path
    n_pages: int
    n_records: int
    n_wet_records: int

    def truth(self) -> "pd.DataFrame":
        """One row a page, in the order of the files.

        Returns:
            `index` and `url`; `file`, the WARC's name; `language`, in the table's code, "unknown" where a page has none
            and "" where there is no page; `source`, the text it is made from; `kind`, as in `helpers.crawl.noise`; `of`,
            the page it is a duplicate of, or ""; `status` of HTTP; `declared` and `real` charset, "" for none; `garbled`,
            whether one who believes the declared charset reads something else; `in_wet`, whether it has a text there;
            `destroyed`, "corrupt", "truncated" or ""; and `text`, what a perfect extractor would find.
        """
        import pandas as pd

        return pd.read_json(self.truth_path, lines=True, dtype=False)


def make(
    folder: Path,
    n_pages: int = 5000,
    *,
    crawl: str | None = None,
    shares: Mapping[str, float] | None = None,
    noise: Noise | None = None,
    seed: int = 0,
    n_files: int = 4,
) -> MiniCrawl:
    """Make a miniature crawl, or find the one that was made before: the same arguments give the same bytes.

    Args:
        folder: where it goes; new, empty, or made before with the same arguments.
        n_pages: pages that the crawler asked for, over all files.
        crawl: the crawl of `data/common_crawl_languages.csv` whose languages it has; the latest there by default.
        shares: languages instead of a published crawl's, in per cent or in parts of 1; "unknown" for pages without one.
        noise: how much of it is broken, copied or junk; `Noise()` by default.
        seed: any integer.
        n_files: WARC files, and as many WET files.

    Raises:
        ValueError: if an argument is out of its range, the table of languages does not sum to the whole or has a language
            that there is no text in, or the folder holds something else.
    """
    recipe = _recipe(n_pages, crawl, shares, noise or Noise(), seed, n_files)
    folder = Path(folder)
    stamp = {"recipe": asdict(recipe), "maker": _maker()}
    if _is_made(folder, stamp):
        return _found(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        counts = write_files(recipe, draft)
        (draft / RECIPE).write_text(json.dumps({**stamp, **counts}, indent=1), encoding="utf-8")
        draft.chmod(0o755)
        _move(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return _found(folder)


def _recipe(
    n_pages: int, crawl: str | None, shares: Mapping[str, float] | None, noise: Noise, seed: int, n_files: int
) -> Recipe:
    for name, value in (("n_pages", n_pages), ("seed", seed), ("n_files", n_files)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{name}={value!r} is not an integer but {type(value).__name__}")
    if n_pages < 1:
        raise ValueError(f"n_pages={n_pages} is too few; a crawl has at least 1 page")
    if not 1 <= n_files <= n_pages:
        raise ValueError(f"n_files={n_files} must lie between 1 and the number of pages, {n_pages}")
    if not isinstance(noise, Noise):
        raise TypeError(f"noise={noise!r} is not a Noise but {type(noise).__name__}")
    name = ""
    left_out: tuple[str, ...] = ()
    if shares is None:
        name, published = published_shares(crawl)
        left_out = tuple(code for code in published if code != UNKNOWN and not sources_of(code))
        shares = {code: share for code, share in published.items() if code not in left_out}
    elif crawl is not None:
        raise ValueError(f"crawl={crawl!r} and shares both say which languages there are; give one of them")
    return Recipe(n_pages, name, seed, n_files, noise, tuple(checked_shares(shares).items()), left_out)


def _is_made(folder: Path, stamp: dict) -> bool:
    """Whether the folder holds this crawl already; one that an earlier version of the book made is made again.

    Raises:
        ValueError: if it holds something else.
    """
    if folder.is_dir() and not any(folder.iterdir()) or not folder.exists():
        return False
    if not (folder / RECIPE).is_file():
        raise ValueError(f"folder={str(folder)!r} exists and is no crawl made here; name a folder that is new or empty")
    old, new = json.loads((folder / RECIPE).read_text(encoding="utf-8")), json.loads(json.dumps(stamp))
    if old["recipe"] != new["recipe"]:
        differ = sorted(key for key in new["recipe"] if old["recipe"].get(key) != new["recipe"][key])
        raise ValueError(
            f"folder={str(folder)!r} has a crawl with other {', '.join(differ)}; name another folder, or remove this one"
        )
    return old["maker"] == new["maker"]


def _move(draft: Path, folder: Path) -> None:
    """Put a finished crawl in its place in one step, or over an old one, its recipe last: whoever sees it sees all of it."""
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    if not folder.exists():
        draft.rename(folder)
        return
    for file in sorted(draft.iterdir(), key=lambda file: file.name == RECIPE):
        file.replace(folder / file.name)


def _maker() -> str:
    """A digest of the code that makes crawls."""
    modules = ("make", "plan", "texts", "noise", "pages", "records", "files")
    code = b"".join(Path(__file__).with_name(f"{module}.py").read_bytes() for module in modules)
    return hashlib.sha256(code).hexdigest()


def _found(folder: Path) -> MiniCrawl:
    made = json.loads((folder / RECIPE).read_text(encoding="utf-8"))
    warcs, wets = zip(*(names(file) for file in range(made["recipe"]["n_files"])), strict=True)
    return MiniCrawl(
        folder,
        tuple(folder / name for name in warcs),
        tuple(folder / name for name in wets),
        folder / TRUTH,
        made["recipe"]["n_pages"],
        made["n_records"],
        made["n_wet_records"],
    )
