"""A web server on this machine that packs what it sends, as those of published sites do and Python's own does not."""

import gzip
import http.server
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

PACKED = ("text/", "application/json", "application/javascript", "application/xml", "image/svg+xml")  # types that are packed
LEVEL = 6  # of gzip: its own default, and what static hosts use or pass
ELSEWHERE = "/elsewhere-"


class Packing(http.server.SimpleHTTPRequestHandler):
    """Sends files of a folder, text packed with gzip where the client takes it, and connections stay open."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, *words, others: Mapping[str, Path], **options) -> None:
        self.others = others
        super().__init__(*words, **options)

    def do_GET(self) -> None:
        file = self.file()
        if not file.is_file():
            self.send_error(404)
            return
        kind = self.guess_type(str(file))
        packs = kind.startswith(PACKED) and "gzip" in self.headers.get("Accept-Encoding", "")
        body = content(file, tuple(self.others), self.connection.getsockname()[1], packs)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")  # as content networks do; fonts need it
        if packs:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def file(self) -> Path:
        """What the address names: a file of the folder, the index of a folder in it, or a copy of a file of another host."""
        path = self.path.split("?")[0]
        for number, folder in enumerate(self.others.values()):
            start = f"{ELSEWHERE}{number}/"
            if path.startswith(start) and ".." not in path:
                return folder / path.removeprefix(start)
        file = Path(self.translate_path(self.path))
        return file / "index.html" if file.is_dir() else file

    def log_message(self, format: str, *words: object) -> None:
        """Say nothing."""


@cache
def content(file: Path, others: tuple[str, ...], port: int, packs: bool) -> bytes:
    """What is sent of a file: packed once, not at each visit; pages ask this server, by another name, for `others`."""
    body = file.read_bytes()
    if file.suffix == ".html":
        for number, address in enumerate(others):
            body = body.replace(address.encode(), f"http://localhost:{port}{ELSEWHERE}{number}/".encode())
    return gzip.compress(body, LEVEL, mtime=0) if packs else body


@contextmanager
def serve_packed(folder: Path, others: Mapping[str, Path] | None = None) -> Iterator[str]:
    """Serve a folder on a free port of this machine; gives the address, with a slash at its end.

    Args:
        folder: of a built site.
        others: start of an address of another host -> folder with copies of its files. Pages ask for them at `localhost`,
            another origin than that of the pages, so that they cost a connection of their own, as at the other host.
    """
    handler = partial(Packing, directory=str(folder), others=others or {})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
