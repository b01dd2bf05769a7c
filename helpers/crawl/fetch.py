"""The bytes of a file, by its path or its URL, piece by piece; a download that breaks off goes on where it stopped."""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

PIECE = 1 << 16  # bytes
SCHEMES = ("http://", "https://")
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})  # statuses that a second request may not meet


class FetchError(OSError):
    """A file on the web that could not be read, or not to its end; the message says why and how far it went."""


def is_url(path: str | Path) -> bool:
    """Is a path the address of a file on the web?"""
    return str(path).lower().startswith(SCHEMES)


def checked_path(path: str | Path) -> str:
    """A path or URL as a string, when there can be a file behind it.

    Raises:
        TypeError: if it is neither a string nor a path.
        ValueError: if it is of a scheme other than http and https, there is no such file, or it is a folder or empty.
    """
    if not isinstance(path, str | Path):
        raise TypeError(f"path={path!r} is neither a path nor a URL but {type(path).__name__}")
    if is_url(path):
        return str(path)
    if "://" in str(path):
        raise ValueError(f"path={str(path)!r} is of a scheme that is not read; give a path, or a URL of http or https")
    file = Path(path)
    try:
        is_folder, is_there = file.is_dir(), file.exists()
    except OSError as error:  # a name that is too long, or a folder that may not be read
        raise ValueError(f"path={str(path)!r:.100} cannot be a file: {error.strerror}") from None
    if is_folder:
        raise ValueError(f"path={str(path)!r} is a folder; name the WARC or WET files in it")
    if not is_there:
        raise ValueError(f"path={str(path)!r} does not exist; give the path or the URL of a WARC or WET file")
    if not file.stat().st_size:
        raise ValueError(f"path={str(path)!r} is an empty file; a WARC or WET file has at least one record")
    return str(path)


def pieces(path: str | Path, *, timeout: float = 30.0, tries: int = 3, pause: float = 1.0) -> Iterator[bytes]:
    """The bytes of a file, in pieces of at most `PIECE`.

    Args:
        path: a path, or a URL of http or https.
        timeout: seconds to wait for a server to say something.
        tries: requests in a row that may bring no byte; after that the file is given up.
        pause: seconds before the second try; each further one waits twice as long.

    Raises:
        FetchError: if a server says no, is silent or breaks off, `tries` times; what was read before has been given.
    """
    if is_url(path):
        yield from _download(str(path), timeout, tries, pause)
        return
    with Path(path).open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _download(url: str, timeout: float, tries: int, pause: float) -> Iterator[bytes]:
    done, failures = 0, 0
    while True:
        try:
            with _request(url, done, timeout) as response:
                total = _total(response, done)
                _skip(response, done if response.status == 200 else 0)  # a server that cannot begin in the middle
                while piece := response.read(PIECE):
                    done, failures = done + len(piece), 0
                    yield piece
            if total is None or done >= total:
                return
            problem = f"broke off after {done:,} of {total:,} bytes"
        except urllib.error.HTTPError as error:
            problem = f"HTTP {error.code} {error.reason}"
            if error.code not in PASSING:
                raise FetchError(f"{url}: {problem}") from error
        except (OSError, http.client.HTTPException) as error:
            silent = isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError)
            problem = f"silent for {timeout:g} s after {done:,} bytes" if silent else f"{error!r} after {done:,} bytes"
        failures += 1
        if failures >= tries:
            raise FetchError(f"{url}: {problem}; given up after {failures} tries")
        time.sleep(pause * 2 ** (failures - 1))


def _request(url: str, start: int, timeout: float) -> http.client.HTTPResponse:
    headers = {"User-Agent": "understanding-foundation-models", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=timeout)


def _total(response: http.client.HTTPResponse, start: int) -> int | None:
    """How many bytes the whole file has, where the server says so."""
    length = response.headers.get("Content-Length")
    return None if length is None else int(length) + (start if response.status == 206 else 0)


def _skip(response: http.client.HTTPResponse, n: int) -> None:
    while n and (piece := response.read(min(n, PIECE))):
        n -= len(piece)
