"""A web server on loopback that fails as the web does, and one whose clients are killed."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil


@dataclass
class Site:
    """What a server serves, by path, and how each path fails: how often it still will (-1 for ever), and in which way.

    Ways: "stall" and "cut" happen after half of what was asked for, "stuck" is a cut after half of the file, "kill" is a
    SIGKILL to the process that asks, after half; "503" is a status; "no range" is no failure, but begins from the start.
    """

    files: dict[str, bytes]
    failures: dict[str, tuple[str, int]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    killed: list[int] = field(default_factory=list)
    port: int = 0

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self.port}/{path}"

    def failure(self, path: str) -> str:
        """How this request fails, or ""."""
        way, times = self.failures.get(path, ("", 0))
        if times:
            self.failures[path] = (way, times - 1)
        return way if times else ""


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Site]:
    """Serve files until the block ends."""
    site = Site(files)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    server.daemon_threads = True
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, wanted = self.path.lstrip("/"), self.headers.get("Range", "")
            site.requests.append((path, wanted))
            body, way = site.files.get(path), site.failure(path)
            if body is None or way == "503":
                self.send_error(404 if body is None else 503)
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and way != "no range" else 0
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            half = start + (len(body) - start) // 2
            stop = {"cut": half, "stall": half, "kill": half, "stuck": len(body) // 2}.get(way, len(body))
            self.wfile.write(body[start:stop])
            self.wfile.flush()
            if way == "stall":
                time.sleep(1.5)
            if way == "kill":
                time.sleep(0.3)  # so that the worker is busy with the first half
                site.killed.append(kill_client(self.client_address[1]))

        def log_message(self, *args: object) -> None:
            pass

    return Handler


def kill_client(port: int) -> int:
    """SIGKILL the process that is connected from a port, and say which it was; never this one."""
    (pid,) = {c.pid for c in psutil.net_connections("tcp") if c.laddr.port == port and c.pid not in (None, os.getpid())}
    os.kill(pid, signal.SIGKILL)
    return pid
