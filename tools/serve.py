"""`python -m tools.serve PORT`: show the built site on this machine, and nowhere else."""

import functools
import http.server
import sys
from pathlib import Path

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"


def main(port: str = "8000") -> int:
    """Serve until Ctrl-C."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(SITE))
    try:
        with http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), handler) as server:
            print(f"serving on http://127.0.0.1:{server.server_port} (stop with Ctrl-C)", flush=True)
            server.serve_forever()
    except KeyboardInterrupt:
        print()
    except (OSError, ValueError, OverflowError) as error:
        print(f"error: port {port} cannot be used ({error}); choose another: make serve PORT=8001", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
