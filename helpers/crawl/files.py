"""The files of a miniature crawl: WARC as a crawler writes it, WET as Common Crawl extracts it, and the truth beside."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO

from fastwarc.warc import WarcRecordType
from resiliparse.extract.html2text import extract_plain_text

from helpers.crawl.plan import Answer, Plan, Recipe, answer, plan, url_of
from helpers.crawl.records import corrupted, member, record, record_id, truncated
from helpers.progress import progress

TRUTH = "truth.jsonl"
START = datetime(2026, 1, 19, tzinfo=UTC)  # when the crawler asked for its first page; one more each second
DAMAGE: dict[str, Callable[[bytes], bytes]] = {"corrupt": corrupted, "truncated": truncated, "": bytes}


@dataclass(frozen=True)
class Members:
    """The gzip members of one page: its request and response, and its text (None where it has none)."""

    request: bytes
    response: bytes
    wet: bytes | None


def names(file: int) -> tuple[str, str]:
    """What the WARC and the WET file with this number are called."""
    return f"mini-{file:05d}.warc.gz", f"mini-{file:05d}.warc.wet.gz"


def write_files(recipe: Recipe, folder: Path) -> dict[str, int]:
    """Write all files of a crawl into a folder, page by page.

    Returns:
        How many records the WARC files have, and how many the WET files.
    """
    bar = progress(range(recipe.n_pages), "making the crawl")
    n_wet_records = 0
    with (folder / TRUTH).open("w", encoding="utf-8", newline="\n") as truth:
        for file in range(recipe.n_files):
            warc_name, wet_name = names(file)
            with (folder / warc_name).open("wb") as warc, (folder / wet_name).open("wb") as wet:
                warc.write(_info(recipe, warc_name))
                wet.write(_info(recipe, wet_name))
                pages = islice(bar, len(recipe.pages_of(file)))
                n_wet_records += 1 + _write_pages(recipe, warc_name, pages, warc, wet, truth)
    return {"n_records": recipe.n_files + 2 * recipe.n_pages, "n_wet_records": n_wet_records}


def wet_text(given: Answer) -> str:
    """The text of a page as a crawler extracts it that believes what is declared, menus and all."""
    if given.response.status != 200 or not given.response.body.strip():
        return ""
    return extract_plain_text(given.charset.read(given.response.body))


def _write_pages(recipe: Recipe, name: str, pages: Iterator[int], warc: BinaryIO, wet: BinaryIO, truth: TextIO) -> int:
    n_wet_records = 0
    for index in pages:
        planned = plan(recipe, index)
        given = answer(recipe, planned)
        destroyed = recipe.damaged.get(index, "")
        made = _members(recipe, index, given)
        warc.write(made.request + DAMAGE[destroyed](made.response))
        if made.wet:
            wet.write(DAMAGE[destroyed](made.wet))
            n_wet_records += 1
        row = _truth(recipe, planned, given, file=name, in_wet=made.wet is not None, destroyed=destroyed)
        truth.write(json.dumps(row, ensure_ascii=False) + "\n")
    return n_wet_records


def _members(recipe: Recipe, index: int, given: Answer) -> Members:
    """Request, response and text of a page as records that refer to one another."""
    ids = {kind: record_id(recipe.seed, index, kind) for kind in ("request", "response", "conversion")}
    day = (START + timedelta(seconds=index)).strftime("%Y-%m-%dT%H:%M:%SZ")
    about = {"WARC-Date": day, "WARC-Target-URI": given.url}
    host, path = given.url.removeprefix("https://").split("/", 1)
    asked = f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: mini-crawler\r\nAccept: text/html\r\n\r\n".encode()
    concurrent = {**about, "WARC-Concurrent-To": f"<urn:uuid:{ids['response']}>"}
    request = {**concurrent, "Content-Type": "application/http; msgtype=request"}
    response = {**about, "Content-Type": "application/http; msgtype=response"}
    wet, text = None, wet_text(given)
    if text:
        headers = {**about, "WARC-Refers-To": f"<urn:uuid:{ids['response']}>", "Content-Type": "text/plain"}
        wet = member(record(WarcRecordType.conversion, ids["conversion"], headers, text.encode()))
    return Members(
        member(record(WarcRecordType.request, ids["request"], request, asked)),
        member(record(WarcRecordType.response, ids["response"], response, given.response.http(), given.response.body)),
        wet,
    )


def _info(recipe: Recipe, name: str) -> bytes:
    """The record that opens a file and says where it is from."""
    headers = {
        "WARC-Date": START.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "WARC-Filename": name,
        "Content-Type": "application/warc-fields",
    }
    fields = {"software": "helpers.crawl", "format": "WARC File Format 1.1", "isPartOf": recipe.crawl or "no crawl"}
    block = "".join(f"{key}: {value}\r\n" for key, value in fields.items())
    return member(record(WarcRecordType.warcinfo, record_id(recipe.seed, name), headers, block.encode()))


def _truth(recipe: Recipe, planned: Plan, given: Answer, **more: str | bool) -> dict[str, object]:
    return {
        "index": planned.index,
        "url": given.url,
        "language": planned.language,
        "source": planned.source,
        "kind": planned.kind,
        "of": "" if planned.of is None else url_of(recipe, planned.of),
        "status": given.response.status,
        "declared": given.charset.declared,
        "real": given.charset.real,
        "garbled": given.charset.garbles(given.response.body),
        **more,
        "text": given.text,
    }
