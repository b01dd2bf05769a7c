"""Records are read from any WARC or WET file, and what cannot be read is a counted loss, never the rest of the file."""

import gzip
import random
import re
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType

from helpers.crawl.fetch import FetchError, checked_path, pieces
from helpers.crawl.members import CORRUPT, KEPT, TRUNCATED
from helpers.crawl.read import NOT_A_RECORD, TOO_LONG, UNREACHABLE, Loss, Record, records
from helpers.crawl.records import Response, corrupted, member, record, record_id, truncated
from tests.webserver import serving

N = 12


def page(number: int, body: bytes | None = None) -> bytes:
    """A response record."""
    words = " ".join(
        str((number + 7) * i * i % 9973) for i in range(300)
    )  # that gzip can't make so short as to hide a fault
    body = f"<p>Page {number}. {'All human beings are born free. ' * 40}{words}</p>".encode() if body is None else body
    block = Response(200, "OK", "text/html; charset=utf-8", body).http()
    headers = {"WARC-Target-URI": f"https://example.org/{number}", "Content-Type": "application/http; msgtype=response"}
    return record(WarcRecordType.response, record_id(number), headers, block, body)


def pages(n: int = N) -> list[bytes]:
    return [page(number) for number in range(n)]


def packed(n: int = N) -> list[bytes]:
    return [member(one) for one in pages(n)]


def written(folder: Path, data: bytes, name: str = "x.warc.gz") -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def urls(found: list[Record | Loss]) -> list[int]:
    return [int(item.url.rsplit("/", 1)[1]) for item in found if isinstance(item, Record)]


def losses(found: list[Record | Loss]) -> list[str]:
    return [item.reason for item in found if isinstance(item, Loss)]


@pytest.mark.parametrize("form", ["members", "plain", "one member"])
def test_a_file_is_read_in_any_form_as_fastwarc_reads_it(tmp_path, form):
    data = {"members": b"".join(packed()), "plain": b"".join(pages()), "one member": gzip.compress(b"".join(pages()))}[form]
    found = list(records(written(tmp_path, data)))
    with (tmp_path / "x.warc.gz").open("rb") as file:
        reference = [(r.headers["WARC-Target-URI"], r.reader.read()) for r in ArchiveIterator(file)]
    assert [(item.url, item.body) for item in found] == reference
    assert len(found) == N
    first = found[0]
    assert (first.status, first.content_type, first.charset, first.kind) == (200, "text/html", "utf-8", "response")
    assert first.id == record_id(0)


def test_a_wet_file_is_read(tmp_path):
    headers = {"WARC-Target-URI": "https://example.org/1", "Content-Type": "text/plain"}
    text = member(record(WarcRecordType.conversion, record_id(1), headers, "Şalom žemė".encode()))
    (found,) = records(written(tmp_path, text, "x.warc.wet.gz"))
    assert (found.kind, found.body.decode(), found.status) == ("conversion", "Şalom žemė", 0)


def test_a_compressed_and_chunked_body_is_unpacked(tmp_path):
    body = zlib.compress(b"<p>text</p>", wbits=31)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    block = head + f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    headers = {"WARC-Target-URI": "https://example.org/1", "Content-Type": "application/http; msgtype=response"}
    (found,) = records(written(tmp_path, member(record(WarcRecordType.response, record_id(1), headers, block))))
    assert found.body == b"<p>text</p>"


def test_a_corrupt_member_costs_its_own_record_only(tmp_path):
    parts = packed()
    parts[5] = corrupted(parts[5])
    found = list(records(written(tmp_path, b"".join(parts))))
    assert urls(found) == [n for n in range(N) if n != 5]
    (loss,) = (item for item in found if isinstance(item, Loss))
    assert (loss.reason, loss.position, loss.n_bytes) == (CORRUPT, sum(map(len, parts[:5])), len(parts[5]))
    with (tmp_path / "x.warc.gz").open("rb") as file, pytest.raises(OSError, match="data error"):
        list(ArchiveIterator(file))  # what the library alone does


def test_a_wrong_checksum_is_corruption(tmp_path):
    parts = packed()
    parts[3] = parts[3][:-8] + bytes(4) + parts[3][-4:]
    found = list(records(written(tmp_path, b"".join(parts))))
    assert (urls(found), losses(found)) == ([n for n in range(N) if n != 3], [CORRUPT])


def test_each_broken_stretch_is_a_loss(tmp_path):
    parts = packed()
    parts[2], parts[3] = b"\0" * 500, corrupted(parts[3])
    parts[7] += b"\x1f\x8b\x08 no member, \x1f\x8b\x08"
    found = list(records(written(tmp_path, b"".join(parts))))
    assert (urls(found), losses(found)) == ([n for n in range(N) if n not in (2, 3)], [CORRUPT] * 3)


def test_a_first_member_that_is_corrupt_is_no_reason_to_give_up(tmp_path):
    parts = packed()
    parts[0] = corrupted(parts[0])
    found = list(records(written(tmp_path, b"".join(parts))))
    assert (urls(found), losses(found)) == (list(range(1, N)), [CORRUPT])


FORMS = {  # ways of packing records into a file
    "members": lambda parts: b"".join(map(member, parts)),
    "plain": b"".join,
    "one member": lambda parts: gzip.compress(b"".join(parts)),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("place", [0, 5, N - 1])
def test_a_length_that_is_one_byte_short_costs_that_byte_alone(tmp_path, form, place):
    parts = pages()
    length = re.search(rb"Content-Length: (\d+)", parts[place])
    parts[place] = parts[place].replace(length[0], b"Content-Length: %d" % (int(length[1]) - 1), 1)
    found = list(records(written(tmp_path, FORMS[form](parts))))
    assert (urls(found), losses(found)) == (list(range(N)), [CORRUPT])
    bodies = [item.body for item in found if isinstance(item, Record)]
    assert [body.startswith(b"<p>Page") for body in bodies] == [True] * N and bodies[place].endswith(b"</p")


@pytest.mark.parametrize("form", FORMS)
def test_a_record_that_cannot_be_read_costs_no_other_and_none_comes_twice(tmp_path, form):
    parts = pages()
    parts[2] = b"garbage\r\n" * 50
    found = list(records(written(tmp_path, FORMS[form](parts))))
    assert urls(found) == [n for n in range(N) if n != 2] and len(losses(found)) == 1


@pytest.mark.parametrize("named", ['"windows-1251"', "'windows-1251'", "windows-1251; x=y", ' "windows-1251" '])
def test_a_charset_is_read_however_it_is_quoted(tmp_path, named):
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; Charset=%s\r\n\r\n" % named.encode() + "Год".encode("cp1251")
    headers = {"WARC-Target-URI": "<https://example.org/1>", "Content-Type": "application/http; msgtype=response"}
    (found,) = records(written(tmp_path, member(record(WarcRecordType.response, record_id(1), headers, block))))
    assert (found.charset, found.url) == ("windows-1251", "https://example.org/1")


def test_a_file_cut_off_is_counted(tmp_path):
    parts = packed()
    found = list(records(written(tmp_path, b"".join(parts[:-1]) + truncated(parts[-1]))))
    assert (urls(found), losses(found)) == (list(range(N - 1)), [TRUNCATED])
    assert found[-1].n_bytes == len(truncated(parts[-1]))
    plain = b"".join(pages())
    found = list(records(written(tmp_path, plain[:-700])))
    assert (urls(found), losses(found)) == (list(range(N - 1)), [TRUNCATED])


def test_zeros_at_the_end_are_padding(tmp_path):
    found = list(records(written(tmp_path, b"".join(packed()) + bytes(100_000))))
    assert (urls(found), losses(found)) == (list(range(N)), [])


def test_a_member_without_a_record_is_a_loss(tmp_path):
    parts = packed()
    parts.insert(3, gzip.compress(b"no record"))
    found = list(records(written(tmp_path, b"".join(parts))))
    assert (urls(found), losses(found)) == (list(range(N)), [NOT_A_RECORD])


def test_whatever_is_broken_the_rest_is_read(tmp_path):
    parts = packed()
    ends = [sum(map(len, parts[: n + 1])) for n in range(N)]
    for seed in range(150):
        rng, data = random.Random(seed), bytearray(b"".join(parts))
        start = rng.randrange(20, len(data))
        size = rng.choice((1, 3, 40, 2000))
        data[start : start + size] = rng.randbytes(rng.choice((size, 0)))
        found = list(records(written(tmp_path, bytes(data))))
        hit = {n for n in range(N) if (ends[n - 1] if n else 0) < start + size and start < ends[n]}
        assert set(range(N)) - hit <= set(urls(found))
        assert len(urls(found)) == len(set(urls(found)))
        assert losses(found) or set(urls(found)) == set(range(N)), seed  # a time stamp may change unseen


def test_whatever_is_broken_in_a_plain_file_does_not_stop_the_reader(tmp_path):
    data = b"".join(pages())
    for seed in range(150):
        rng, broken = random.Random(seed), bytearray(data)
        start = rng.randrange(20, len(data))
        size = rng.choice((1, 3, 40, 2000))
        broken[start : start + size] = rng.randbytes(rng.choice((size, 0)))
        found = list(records(written(tmp_path, bytes(broken))))
        assert len(found) >= N - 3  # without checksums, a broken length may cost the next record


def test_a_record_of_100_megabytes_is_skipped_counted_and_never_in_memory(tmp_path):
    huge = page(1, b"<p>" + b"a" * 100_000_000)
    path = written(tmp_path, member(page(0)) + member(huge) + member(page(2)))
    del huge
    tracemalloc.start()
    found = list(records(path, max_bytes=1_000_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (urls(found), losses(found)) == ([0, 2], [TOO_LONG])
    assert peak < 20_000_000
    plain = written(tmp_path, gzip.decompress(path.read_bytes()), "x.warc")
    assert (urls(f := list(records(plain, max_bytes=1_000_000))), losses(f)) == ([0, 2], [TOO_LONG])


def test_a_body_that_grows_when_unpacked_is_too_long(tmp_path):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n"
    headers = {"WARC-Target-URI": "https://example.org/1", "Content-Type": "application/http; msgtype=response"}
    bomb = record(WarcRecordType.response, record_id(1), headers, head + gzip.compress(bytes(5_000_000)))
    found = list(records(written(tmp_path, member(bomb)), max_bytes=1_000_000))
    assert losses(found) == [TOO_LONG]


def test_a_long_corrupt_member_is_searched_in_pieces(tmp_path):
    noise = random.Random(0).randbytes(2 * KEPT)
    parts = packed(2)
    big = bytearray(member(page(9, noise)))
    big[-8:] = bytes(8)
    found = list(records(written(tmp_path, parts[0] + bytes(big) + parts[1]), max_bytes=4 * KEPT))
    assert (urls(found), losses(found)) == ([0, 1], [CORRUPT])


def test_what_is_no_warc_is_refused(tmp_path):
    for data in (b"<html>", gzip.compress(b"<html>" * 99), b"PK\3\4", bytes(100)):
        with pytest.raises(ValueError, match="is not a WARC or WET file"):
            list(records(written(tmp_path, data)))
    with pytest.raises(ValueError, match="empty file"):
        list(records(written(tmp_path, b"")))
    with pytest.raises(ValueError, match="is a folder"):
        list(records(tmp_path))
    with pytest.raises(ValueError, match="does not exist"):
        list(records(tmp_path / "missing.warc.gz"))
    with pytest.raises(ValueError, match="scheme"):
        checked_path("s3://bucket/x.warc.gz")
    with pytest.raises(TypeError, match="neither a path nor a URL"):
        checked_path(7)
    with pytest.raises(ValueError, match="max_bytes=0"):
        list(records(written(tmp_path, packed()[0]), max_bytes=0))


@pytest.fixture(scope="module")
def site() -> Iterator:
    with serving({"x.warc.gz": b"".join(member(page(n, random.Random(n).randbytes(30_000))) for n in range(N))}) as site:
        yield site


def fetched(site, way: str, times: int) -> list[Record | Loss]:
    site.failures, site.requests = {"x.warc.gz": (way, times)}, []
    return list(records(site.url("x.warc.gz"), timeout=0.5, tries=3, pause=0.01))


@pytest.mark.parametrize("way", ["cut", "stall", "503"])
def test_a_download_that_fails_twice_goes_on_where_it_stopped(site, way):
    found = fetched(site, way, 2)
    assert (urls(found), losses(found)) == (list(range(N)), [])
    assert len(site.requests) == 3
    assert all(wanted for _, wanted in site.requests[1:]) or way == "503"


def test_a_server_that_cannot_begin_in_the_middle_is_read_from_the_start(site):
    site.failures = {"x.warc.gz": ("cut", 1)}
    stream = pieces(site.url("x.warc.gz"), pause=0.01)
    first = next(stream)
    site.failures = {"x.warc.gz": ("no range", 1)}
    assert first + b"".join(stream) == site.files["x.warc.gz"]


def test_a_download_that_never_ends_is_given_up_and_what_came_is_kept(site):
    found = fetched(site, "stuck", -1)
    assert urls(found) == list(range(5))  # half of the file, less the sixth record, which that cuts in two
    assert losses(found) == [UNREACHABLE]
    assert "given up after 3 tries" in found[-1].detail
    assert len(site.requests) == 3


def test_a_server_that_says_no_is_asked_once(site):
    site.requests = []
    (loss,) = records(site.url("missing.warc.gz"))
    assert (loss.reason, "HTTP 404" in loss.detail, len(site.requests)) == (UNREACHABLE, True, 1)
    site.failures = {"x.warc.gz": ("503", -1)}
    with pytest.raises(FetchError, match="HTTP 503"):
        list(pieces(site.url("x.warc.gz"), pause=0.01))
    (loss,) = records("http://127.0.0.1:1/x.warc.gz", pause=0.01)
    assert "refused" in loss.detail
