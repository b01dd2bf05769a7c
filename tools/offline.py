"""`python -m tools.offline -m pytest`: run Python where no other machine can be reached, so none is asked unseen.

On Linux that is a network namespace of its own, in which only the loopback device is there; kernels, browsers and all
else that is started from it are in it too. Where the system allows none, a note says so, and proxies that do not exist stop
whoever respects them; the tests have a guard of their own besides (`tests/conftest.py`).
"""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000  # CLONE_NEWUSER and CLONE_NEWNET of <sched.h>
GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 0x1  # SIOCGIFFLAGS, SIOCSIFFLAGS and IFF_UP of <net/if.h>
NOWHERE = "http://127.0.0.1:9"  # the port of the discard service, where nothing listens


def isolate() -> None:
    """Move this process into a network namespace with a loopback device alone.

    Raises:
        OSError: if this is not Linux, or it allows neither a network namespace nor a user namespace to have one in.
    """
    if sys.platform != "linux":
        raise OSError(f"{sys.platform} has no network namespaces")
    user, group = os.getuid(), os.getgid()
    try:
        unshare(NEW_NETWORK)
    except PermissionError:
        unshare(NEW_USER | NEW_NETWORK)
        for name, words in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(words)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", b"lo", 0)
        name, flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, GET_FLAGS, request))
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sH14x", name, flags | UP))


def unshare(flags: int) -> None:
    """The system call of that name, which Python has only from 3.12 on."""
    if ctypes.CDLL(None, use_errno=True).unshare(flags):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def main(words: list[str]) -> None:
    """Become `python WORDS` without a network. A process of its own tries first: no way leads out of half a namespace."""
    code = "from tools.offline import isolate; isolate()"
    trial = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if trial.returncode == 0:
        isolate()
    else:
        reason = (trial.stderr.strip().splitlines() or ["unknown"])[-1]
        print(f"note: no network namespace here ({reason}); proxies that do not exist stand in for it", flush=True)
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
        os.environ.update(dict.fromkeys(names, NOWHERE), NO_PROXY="localhost,127.0.0.1", no_proxy="localhost,127.0.0.1")
    os.execv(sys.executable, [sys.executable, *words])


if __name__ == "__main__":
    main(sys.argv[1:])
