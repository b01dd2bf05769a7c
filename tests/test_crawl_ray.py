"""The same pipeline on Ray: the same corpus, killed workers noticed, and no port open to other machines."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec

import psutil
import pytest

from helpers.crawl.launch import LOOPBACK, launcher
from helpers.crawl.run import run
from tests.test_crawl_run import ROOT, assert_same, crawl, resumed_after_a_kill, undisturbed

pytestmark = [
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is an extra: requirements-cluster.txt"),
    pytest.mark.long,
]
__all__ = ["crawl", "undisturbed"]  # fixtures


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """Ray on this machine, as `run` would start it each time."""
    with launcher("ray", workers=2):
        yield


def test_ray_finds_the_same_as_this_process(crawl, undisturbed, tmp_path):
    assert_same(run(crawl.warcs, tmp_path / "out", executor="ray"), undisturbed)


def test_a_killed_worker_of_ray_is_noticed_and_the_run_resumed(crawl, undisturbed, tmp_path):
    assert_same(resumed_after_a_kill(crawl, tmp_path / "out", "ray"), undisturbed)


def test_a_run_that_was_begun_here_is_finished_on_ray(crawl, undisturbed, tmp_path):
    out = tmp_path / "out"
    run(crawl.warcs, out, workers=1)
    for stage in ("match", "cluster", "deduplicate"):
        for done in (out / "logs" / stage / "completions").iterdir():
            done.unlink()
    assert_same(run(crawl.warcs, out, executor="ray"), undisturbed)


def test_ray_listens_on_loopback_only():
    family = psutil.Process().children(recursive=True)
    pids = {psutil.Process().pid, *(process.pid for process in family)}
    listening = [c for c in psutil.net_connections("inet") if c.status == psutil.CONN_LISTEN and c.pid in pids]
    assert len(listening) >= 3
    assert {c.laddr.ip.removeprefix("::ffff:") for c in listening} == {LOOPBACK}


def test_ray_is_not_opened_to_other_machines_by_accident():
    script = (  # the address that Ray finds where there is a network, which there is not where the tests run
        "import ray\nray.util.get_node_ip_address = lambda: '192.0.2.1'\n"
        "from helpers.crawl.launch import launcher\nwith launcher('ray', 1): pass"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert "RuntimeError: Ray was imported without" in done.stderr
