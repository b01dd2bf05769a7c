"""Records of WARC and WET files, one gzip member each, the same bytes for the same content."""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from random import Random
from uuid import UUID

from fastwarc.warc import WarcRecord, WarcRecordType


@dataclass(frozen=True)
class Response:
    """What a server answered."""

    status: int
    reason: str
    content_type: str
    body: bytes

    def http(self) -> bytes:
        """Status line, headers and body, as they are kept in a WARC file."""
        lines = (f"HTTP/1.1 {self.status} {self.reason}", "Server: nginx", f"Content-Type: {self.content_type}")
        return "\r\n".join((*lines, f"Content-Length: {len(self.body)}", "", "")).encode() + self.body


def record_id(*parts: object) -> str:
    """A record's UUID, from whatever makes it unique, so that the same crawl has the same ids."""
    return str(UUID(bytes=hashlib.sha256(repr(parts).encode()).digest()[:16], version=4))


def record(kind: WarcRecordType, uuid: str, headers: Mapping[str, str], block: bytes, payload: bytes | None = None) -> bytes:
    """One record of a WARC file (ISO 28500) with its digests, before it is compressed.

    Args:
        kind: its WARC-Type.
        uuid: of its WARC-Record-ID.
        headers: its other headers.
        block: its content.
        payload: the HTTP body within the block, where there is one.
    """
    made = WarcRecord()
    made.init_headers(kind, f"uuid:{uuid}".encode())
    for name, value in headers.items():
        made.headers[name] = value
    made.set_bytes_content(block)
    out = BytesIO()
    made.write(out, checksum_data=True, payload_digest=None if payload is None else hashlib.sha1(payload).digest())
    return out.getvalue()


def member(data: bytes) -> bytes:
    """One gzip member without a time stamp."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def corrupted(packed: bytes) -> bytes:
    """A gzip member with bytes changed in its middle, so many that zlib cannot read it to its end."""
    middle = len(packed) // 2
    flipped = bytes(byte ^ 0xFF for byte in packed[middle:-8])
    for noise in (flipped, *(Random(seed).randbytes(len(flipped)) for seed in range(20))):
        for n in range(1, len(noise) + 1):
            broken = packed[:middle] + noise[:n] + packed[middle + n :]
            try:
                zlib.decompress(broken, 31)
            except zlib.error as error:
                if "incorrect data check" not in str(error):
                    return broken
    raise ValueError(f"packed of {len(packed)} bytes is too short to be broken")


def truncated(packed: bytes) -> bytes:
    """The first half of a gzip member."""
    return packed[: len(packed) // 2]
