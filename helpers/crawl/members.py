"""A WARC file cut into its members, and where to go on after one that cannot be read.

Each record of a `.warc.gz` is a gzip member of its own (ISO 28500, annex D), so a broken one need not cost the records
after it; readers that treat the file as one stream stop there. A file that is not compressed is cut at its records.
"""

import re
import zlib
from collections.abc import Iterator

MAGIC = b"\x1f\x8b\x08"  # how a gzip member begins
VERSION = b"WARC/"  # how a record begins
LENGTH = re.compile(rb"^content-length:[ \t]*(\d+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
BLANK = re.compile(rb"\r?\n\r?\n")
HEADER_LIMIT = 1 << 16  # bytes
KEPT = 1 << 23  # bytes of a member that are kept for a second look: the next one may begin in what was taken for it
STEP = 1 << 14  # bytes that are unpacked at a time

CORRUPT, TRUNCATED = "corrupt", "truncated"


class Raw:
    """The bytes of a file that are not done with. `start` is the position of the first of them in the file."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self.buffer = bytearray()
        self.start = 0

    def more(self) -> bool:
        """Read another piece; false at the end of the file."""
        piece = next(self._source, b"")
        self.buffer += piece
        return bool(piece)

    def peek(self, n: int, offset: int = 0) -> bytes:
        """Up to `n` bytes from `offset` on, fewer only at the end of the file."""
        while len(self.buffer) < offset + n and self.more():
            pass
        return bytes(self.buffer[offset : offset + n])

    def drop(self, n: int) -> None:
        """Be done with the first `n` bytes."""
        del self.buffer[:n]
        self.start += n


class Member:
    """One gzip member as a file: it ends where the member does, and where it is broken, which `error` then names."""

    def __init__(self, raw: Raw) -> None:
        self.start, self.error = raw.start, ""
        self._raw, self._used, self._given, self._ended = raw, 0, 0, False
        self._inflate = zlib.decompressobj(31)

    def tell(self) -> int:
        """How many unpacked bytes were read."""
        return self._given

    def read(self, n: int = STEP) -> bytes:
        """Up to `n` unpacked bytes; none at the member's end."""
        data = b""
        while not data and not self._ended:
            packed = self._inflate.unconsumed_tail or self._next()
            try:
                data = self._inflate.decompress(packed, n) if packed else b""
            except zlib.error:
                self._end(CORRUPT)
            else:
                self._used -= len(self._inflate.unused_data)
                if self._inflate.eof or not packed:
                    self._end("" if self._inflate.eof else TRUNCATED)
        self._given += len(data)
        return data

    def close(self) -> int:
        """Be done with the member's bytes; of a broken one, with all up to the next that can be read.

        Returns:
            How many bytes of the file were lost.
        """
        while self.read():
            pass
        if not self.error:
            self._raw.drop(self._used)
            return 0
        self._raw.drop(_next_member(self._raw))
        if self._raw.buffer:  # the file goes on, so it was not cut off here
            self.error = CORRUPT
        return self._raw.start - self.start

    def _next(self) -> bytes:
        if self._used > KEPT:
            self._raw.drop(self._used - KEPT // 2)
            self._used = KEPT // 2
        packed = self._raw.peek(STEP, self._used)
        self._used += len(packed)
        return packed

    def _end(self, error: str) -> None:
        self.error, self._ended = error, True


class Plain:
    """One record of a file that is not compressed, as a file; the same interface as `Member`."""

    def __init__(self, raw: Raw) -> None:
        self.start, self.error = raw.start, ""
        self._raw, self._given = raw, 0
        head = raw.peek(HEADER_LIMIT)
        blank = BLANK.search(head)
        end = blank.end() if blank else 0
        length = LENGTH.search(head, 0, end) if head.startswith(VERSION) and end else None
        self._left = end + int(length[1]) if length else 0
        if not length:
            self.error = CORRUPT if len(head) == HEADER_LIMIT or end or not head.startswith(VERSION) else TRUNCATED

    def tell(self) -> int:
        """How many bytes were read."""
        return self._given

    def read(self, n: int = STEP) -> bytes:
        """Up to `n` bytes; none at the record's end."""
        data = self._raw.peek(min(n, self._left)) if self._left else b""
        if self._left and not data:
            self.error, self._left = TRUNCATED, 0
        self._raw.drop(len(data))
        self._left -= len(data)
        self._given += len(data)
        return data

    def close(self) -> int:
        """Be done with the record and the empty lines after it; of a broken one, with all up to the next record.

        Returns:
            How many bytes of the file were lost.
        """
        while self.read():
            pass
        if self.error:
            self._raw.drop(_next_record(self._raw))
            return self._raw.start - self.start
        while self._raw.peek(1) in (b"\r", b"\n"):
            self._raw.drop(1)
        return 0


def members(raw: Raw) -> Iterator[Member | Plain]:
    """The members of a file one after the other; close each before the next. Zeros at the end are padding."""
    kind = Member if raw.peek(len(MAGIC)) == MAGIC else Plain
    while raw.peek(1):
        if kind is Member and raw.peek(1) == b"\0" and not _rest(raw):
            return
        yield kind(raw)


def _rest(raw: Raw) -> bool:
    """Is there anything but zeros? What is read of them is done with."""
    while raw.peek(STEP) and not raw.buffer.strip(b"\0"):
        raw.drop(len(raw.buffer))
    return bool(raw.buffer)


def _next_member(raw: Raw) -> int:
    """How far it is to the next gzip member that begins with a record, or to the end of the file."""
    place = 1
    while True:
        place = raw.buffer.find(MAGIC, place)
        if place >= 0 and _opens_record(raw.peek(STEP, place)):
            return place
        if place >= 0:
            place += 1
            continue
        place = max(1, len(raw.buffer) - len(MAGIC) + 1)
        if len(raw.buffer) > KEPT:
            raw.drop(place - 1)
            place = 1
        if not raw.more():
            return len(raw.buffer)


def _opens_record(packed: bytes) -> bool:
    try:
        return zlib.decompressobj(31).decompress(packed, len(VERSION)) == VERSION
    except zlib.error:
        return False


def _next_record(raw: Raw) -> int:
    """How far it is to the next line that begins a record, or to the end of the file."""
    mark = b"\n" + VERSION
    while (place := raw.buffer.find(mark)) < 0:
        raw.drop(max(0, len(raw.buffer) - len(mark) + 1))
        if not raw.more():
            return len(raw.buffer)
    return place + 1
