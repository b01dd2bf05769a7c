"""Records of WARC and WET files: any, compressed or not, whole or broken, on disk or on the web."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from helpers.crawl.fetch import FetchError, checked_path, pieces
from helpers.crawl.members import CORRUPT, MAGIC, TRUNCATED, VERSION, Member, Plain, Raw, members

MAX_BYTES = 10_000_000  # of a record; Common Crawl itself cuts pages at 1 MiB, or 5 since 2025
TOO_LONG, NOT_A_RECORD, UNREACHABLE = "too long", "not a record", "unreachable"
LOSSES = (CORRUPT, TRUNCATED, TOO_LONG, NOT_A_RECORD, UNREACHABLE)
CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?\s*([^\s;\"']+)", re.IGNORECASE)


@dataclass(frozen=True)
class Record:
    """What a crawler kept of one request, or the text that was extracted from it.

    `kind` is the WARC-Type: "response" has a page and "conversion" a text, others are about the crawl itself. `status`,
    `content_type` and `charset` are what the server said, 0 and "" where it did not. `body` has no headers and is not
    compressed. `position` is where the record's member begins in `file`, in bytes.
    """

    kind: str
    url: str
    id: str
    date: str
    status: int
    content_type: str
    charset: str
    body: bytes
    file: str
    position: int


@dataclass(frozen=True)
class Loss:
    """What could not be read: one record, or, as nobody can count them, a stretch of `n_bytes` from `position` of `file`
    that held at least one. `reason` is one of `LOSSES`."""

    reason: str
    file: str
    position: int
    n_bytes: int
    detail: str = ""


class ReadOptions(TypedDict, total=False):
    """How `records` is to read; its docstring says what each is."""

    max_bytes: int
    timeout: float
    tries: int
    pause: float


def records(
    path: str | Path, *, max_bytes: int = MAX_BYTES, timeout: float = 30.0, tries: int = 3, pause: float = 1.0
) -> Iterator[Record | Loss]:
    """Everything in a WARC or WET file, in order, and in its place whatever could not be read.

    The file is read as a stream, so memory does not grow with it. A broken gzip member costs the records up to the next
    member that can be read; the one record of a member is given only when the member's checksum was right.

    Args:
        path: of a file, compressed with gzip or not, or a URL of http or https.
        max_bytes: a record with more is not read but counted as a loss.
        timeout: seconds to wait for a server.
        tries: requests in a row that may fail before a file on the web is given up.
        pause: seconds before the second try, twice as many before each further one.

    Raises:
        ValueError: if there is no such file, or it is a folder, empty, or no WARC file; or if `max_bytes` is below 1.
    """
    if max_bytes < 1:
        raise ValueError(f"max_bytes={max_bytes} is too few; a record has at least 1 byte")
    file = checked_path(path)
    raw = Raw(pieces(file, timeout=timeout, tries=tries, pause=pause))
    try:
        if not raw.peek(len(MAGIC)).startswith((MAGIC, VERSION[:3])):
            raise ValueError(f"path={file!r} is not a WARC or WET file; it begins with {raw.peek(8)!r}")
        for number, member in enumerate(members(raw)):
            for found in _read(member, file, max_bytes):
                if number == 0 and isinstance(found, Loss) and found.reason == NOT_A_RECORD:
                    raise ValueError(f"path={file!r} is not a WARC or WET file; what is compressed in it begins otherwise")
                yield found
    except FetchError as error:
        yield Loss(UNREACHABLE, file, raw.start, 0, str(error))


def _read(member: Member | Plain, file: str, max_bytes: int) -> Iterator[Record | Loss]:
    """The records of a member; its last one only if the member was whole."""
    if isinstance(member, Plain):
        yield from _read_one(member, file, member.start, max_bytes)
        return
    unpacked, held, any_record = Raw(iter(member.read, b"")), list[Record | Loss](), False
    while unpacked.peek(1):
        found = list(_read_one(Plain(unpacked), file, member.start, max_bytes))
        yield from held
        held = found
        any_record = any_record or any(isinstance(item, Record) or item.reason != CORRUPT for item in found)
    lost = member.close()
    if member.error:
        yield Loss(member.error, file, member.start, lost)
    elif any_record:
        yield from held
    else:
        yield Loss(NOT_A_RECORD, file, member.start, member.tell(), "no record in a member")


def _read_one(part: Plain, file: str, position: int, max_bytes: int) -> Iterator[Record | Loss]:
    """The record that a part of a file holds, what of it could not be read, or both."""
    wrong = ""
    found: list[Record | Loss] = []
    try:
        for one in ArchiveIterator(part, parse_http=False, stream_detect=False):  # type: ignore[arg-type]  # the stub asks for seek, which is not called
            found.append(_record(one, file, position, max_bytes))
    except FetchError:
        raise
    except OSError as error:
        wrong = str(error)
    lost = part.close()
    if part.error:
        yield Loss(part.error, file, position, lost)
        return
    yield from found
    if wrong or not found:
        yield Loss(NOT_A_RECORD, file, position, part.tell(), wrong or "no record in it")


def _record(found: WarcRecord, file: str, position: int, max_bytes: int) -> Record | Loss:
    n_bytes = found.content_length
    if n_bytes > max_bytes:
        return Loss(TOO_LONG, file, position, n_bytes)
    found.freeze()
    if found.content_length < n_bytes:
        return Loss(TRUNCATED, file, position, n_bytes)
    if found.is_http:
        found.parse_http(auto_decode="all")
    body = found.reader.read(max_bytes + 1)
    if len(body) > max_bytes:
        return Loss(TOO_LONG, file, position, n_bytes, "when unpacked")
    http = found.http_headers if found.record_type == WarcRecordType.response else None
    return Record(
        kind=_header(found, "WARC-Type", "unknown"),
        url=_header(found, "WARC-Target-URI").strip("<>"),  # GNU Wget writes brackets
        id=_header(found, "WARC-Record-ID").strip("<>").removeprefix("urn:uuid:"),
        date=_header(found, "WARC-Date"),
        status=(http.status_code or 0) if http else 0,
        content_type=found.http_content_type or "" if http else _header(found, "Content-Type"),
        charset=_charset(http.get("Content-Type") or "") if http else "",
        body=body,
        file=file,
        position=position,
    )


def _charset(content_type: str) -> str:
    """The charset that a header of HTTP names, in quotes or not."""
    named = CHARSET.search(content_type)
    return named[1] if named else ""


def _header(found: WarcRecord, name: str, otherwise: str = "") -> str:
    return found.headers.get(name, otherwise) or ""
