"""The whole pipeline: every record is accounted for, and a run that was killed is finished with each document once."""

import gzip
import os
import random
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from helpers.crawl.launch import CrawlStoppedError
from helpers.crawl.make import MiniCrawl, make
from helpers.crawl.noise import Noise
from helpers.crawl.read import Loss, records
from helpers.crawl.records import member
from helpers.crawl.result import Result
from helpers.crawl.run import run
from tests.test_crawl_read import page, written
from tests.webserver import serving

ROOT = Path(__file__).resolve().parent.parent
N_PAGES, N_FILES = 400, 4


@pytest.fixture(scope="session")
def crawl(tmp_path_factory) -> MiniCrawl:
    """A small crawl with all that can be wrong."""
    return make(tmp_path_factory.mktemp("crawl") / "crawl", N_PAGES, n_files=N_FILES)


@pytest.fixture(scope="session")
def undisturbed(crawl, tmp_path_factory) -> Result:
    """Its corpus, of a run in which nothing went wrong."""
    return run(crawl.warcs, tmp_path_factory.mktemp("run") / "out", workers=1)


def listed(result: Result) -> list[tuple]:
    return [(d["url"], d["language"], d["text"]) for d in result.documents()]


def counted(result: Result) -> dict[tuple[str, str], int]:
    return {(row.stage, row.reason): row.count for row in result.accounting().itertuples(index=False)}


def assert_same(result: Result, other: Result) -> None:
    assert listed(result) == listed(other)
    assert counted(result) == counted(other)
    assert (result.n_in, result.n_out) == (other.n_in, other.n_out)


def test_every_record_is_accounted_for(crawl, undisturbed):
    account = undisturbed.accounting()
    assert undisturbed.n_in == crawl.n_records
    assert undisturbed.n_in == undisturbed.n_out + account["count"].sum()
    assert undisturbed.n_out == len(listed(undisturbed)) > 0
    truth, counts = crawl.truth(), counted(undisturbed)
    damage = truth.destroyed.value_counts()
    assert counts["read", "corrupt"] == damage["corrupt"] and counts["read", "truncated"] == damage["truncated"]
    assert counts["read", "not a page"] == N_FILES + N_PAGES
    whole = truth[truth.destroyed == ""]
    assert counts["extract", "status not 200"] == (whole.status != 200).sum()
    assert counts["extract", "binary"] == (whole.kind == "binary").sum()
    assert counts["extract", "no text"] == (whole.kind == "empty").sum()
    assert counts["identify", "no letters"] == (whole.kind == "no-letters").sum()
    assert account.stage.drop_duplicates().tolist() == [
        s for s in ("read", "extract", "repair", "identify", "filter", "deduplicate") if s in set(account.stage)
    ]


def test_good_pages_stay_copies_and_junk_go(crawl, undisturbed):
    truth = crawl.truth().set_index("url")
    kept = Counter(truth.loc[document["url"], "kind"] for document in undisturbed.documents())
    there = truth.kind.value_counts()
    originals = {truth.loc[url, "of"] or url for url, _, _ in listed(undisturbed)}
    assert kept["page"] + kept["near-duplicate"] + kept["exact-duplicate"] >= 0.9 * there["page"]
    assert len(originals) >= 0.97 * undisturbed.n_out  # copies of one page seldom stay both
    assert kept["spam"] + kept["short"] <= 0.1 * (there["spam"] + there["short"])
    assert not set(kept) & {"binary", "empty", "error", "no-letters"}


def test_documents_say_where_they_are_from(crawl, undisturbed):
    document = next(undisturbed.documents())
    assert set(document) >= {"text", "language", "url", "date", "id", "file", "position", "charset", "repaired"}
    assert document["file"] == str(crawl.warcs[0])
    record = next(r for r in records(document["file"]) if not isinstance(r, Loss) and r.id == document["id"])
    assert (record.url, record.position) == (document["url"], document["position"])


def test_losses_and_speed_are_tables(crawl, undisturbed):
    losses = undisturbed.losses()
    assert sorted(losses.reason) == ["corrupt", "truncated"]
    assert set(losses.file) == {str(crawl.warcs[0]), str(crawl.warcs[-1])}
    speed = undisturbed.speed()
    assert speed.records[0] == crawl.n_records and (speed.seconds > 0).all()


def test_two_workers_find_the_same_as_one_and_say_nothing(crawl, undisturbed, tmp_path, capfd):
    assert_same(run(crawl.warcs, tmp_path / "out", workers=2), undisturbed)
    said = capfd.readouterr()
    assert said.out == "" and "|" in said.err.replace("\r", "") or said.err == ""  # progress bars at most
    assert "INFO" not in said.err and "WARNING" not in said.err
    assert (tmp_path / "out/logs/filter/logs/task_00000.log").read_text()


def test_wet_files_go_through_the_same_code(crawl, tmp_path):
    result = run(crawl.wets, tmp_path / "out", workers=1)
    assert result.n_in == crawl.n_wet_records == result.n_out + result.accounting()["count"].sum()
    assert counted(result)["repair", "wrong charset"] > 0  # a WET file has what the crawler misread, which none can mend
    assert result.n_out > 0.5 * N_PAGES


def test_a_finished_run_is_not_run_again(crawl, undisturbed):
    before = {file: file.stat().st_mtime_ns for file in undisturbed.out.rglob("*") if file.is_file()}
    assert_same(run(crawl.warcs, undisturbed.out, workers=1), undisturbed)
    assert before == {file: file.stat().st_mtime_ns for file in undisturbed.out.rglob("*") if file.is_file()}


def resumed_after_a_kill(crawl: MiniCrawl, out: Path, executor: str) -> Result:
    """A run whose worker is killed in the middle of its third file, and then the same run again."""
    files = {file.name: file.read_bytes() for file in crawl.warcs}
    with serving(files) as site:
        victim = crawl.warcs[2].name
        site.failures[victim] = ("kill", 1)
        urls = [site.url(file.name) for file in crawl.warcs]
        with ThreadPoolExecutor(1) as thread:  # so that a run that hangs is a test that fails
            with pytest.raises(CrawlStoppedError, match="Call run again with the same arguments to resume"):
                thread.submit(run, urls, out, executor=executor, workers=2, timeout=5).result(timeout=90)
            assert len(site.killed) == 1
            assert is_gone(site.killed[0])
            assert not (out / "documents").exists()
            result = thread.submit(run, urls, out, executor=executor, workers=2, timeout=5).result(timeout=90)
        done_once = Counter(path for path, _ in site.requests)
        assert done_once[crawl.warcs[2].name] == 2
        assert min(done_once.values()) == 1
    return result


def is_gone(pid: int, seconds: float = 10) -> bool:
    """Whether a process has ended, or does within some seconds: on a busy machine a kill takes a moment."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if psutil.Process(pid).status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def test_a_killed_worker_is_noticed_and_the_run_resumed(crawl, undisturbed, tmp_path):
    assert_same(resumed_after_a_kill(crawl, tmp_path / "out", "local"), undisturbed)


def test_what_a_killed_rank_left_is_written_over(crawl, undisturbed, tmp_path):
    out = tmp_path / "out"
    run(crawl.warcs, out, workers=1)
    for stage in ("filter", "sign", "match", "cluster", "deduplicate"):
        (out / "logs" / stage / "completions/00000").unlink()
    for file in [*out.glob("filtered/00000*"), *out.glob("documents/00000*")]:
        file.write_bytes(file.read_bytes()[:-50])
    assert_same(run(crawl.warcs, out, workers=1), undisturbed)


def test_documents_of_a_part_only_are_never_given(crawl, tmp_path):
    result = run(crawl.warcs, tmp_path / "out", workers=1)
    (tmp_path / "out/logs/deduplicate/stats/00001.json").unlink()
    with pytest.raises(RuntimeError, match="the run is not complete"):
        result.accounting()


def test_a_file_behind_a_url_that_fails_is_a_counted_loss(crawl, tmp_path):
    with serving({"a.warc.gz": crawl.warcs[1].read_bytes(), "b.warc.gz": b"<html>no WARC", "d.warc.gz": b""}) as site:
        site.failures["a.warc.gz"] = ("cut", 1)
        result = run([site.url(f"{name}.warc.gz") for name in "abcd"], tmp_path / "out", workers=1)
    assert result.n_in == 1 + 2 * N_PAGES // N_FILES + 3 == result.n_out + result.accounting()["count"].sum()
    assert counted(result)["read", "unreachable"] == 1
    assert counted(result)["read", "not a WARC file"] == 2
    assert "HTTP 404" in " ".join(result.losses().detail)


def test_no_documents_at_all_is_an_empty_corpus(tmp_path):
    nothing = written(tmp_path, member(page(1, b"<p></p>")) + member(page(2, b"<p>12 34</p>")))
    other = written(tmp_path, member(page(3, b"")), "y.warc.gz")
    result = run([nothing, other], tmp_path / "out", workers=1)
    assert (result.n_in, result.n_out, list(result.documents())) == (3, 0, [])
    assert counted(result) == {("extract", "no text"): 2, ("identify", "no letters"): 1}
    assert result.losses().empty


def test_a_page_of_100_megabytes_is_skipped_and_counted(tmp_path):
    path = written(tmp_path, member(page(1, b"<p>" + b"a" * 100_000_000)) + member(page(2)))
    result = run(path, tmp_path / "out", workers=1, max_bytes=1_000_000)
    assert counted(result)["read", "too long"] == 1
    assert result.n_in == 2


def test_bad_arguments_are_refused_before_anything_is_done(crawl, tmp_path, monkeypatch):
    out, file = tmp_path / "out", crawl.warcs[0]
    (tmp_path / "empty").touch()
    (tmp_path / "x.html").write_text("<html>")
    for paths, message in (
        ([], "at least one"), (tmp_path, "folder"), (tmp_path / "empty", "empty file"), ("ftp://x/y", "scheme"),
        (tmp_path / "none", "does not exist"), (tmp_path / "x.html", "not a WARC"), ([file, file], "more than once"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            run(paths, out)
    with pytest.raises(ValueError, match="executor='dask' is unknown; there are 'local' and 'ray'"):
        run(file, out, executor="dask")
    with pytest.raises(ValueError, match="workers=0"):
        run(file, out, workers=0)
    monkeypatch.setattr("helpers.crawl.launch.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"requirements-cluster\.txt"):
        run(file, out, executor="ray")
    assert not out.exists()


def test_a_folder_with_something_else_is_left_alone(crawl, undisturbed, tmp_path):
    with pytest.raises(ValueError, match="a run with other paths"):
        run(crawl.warcs[:1], undisturbed.out)
    with pytest.raises(ValueError, match="a run with other seed"):
        run(crawl.warcs, undisturbed.out, seed=3)
    (tmp_path / "mine.txt").touch()
    with pytest.raises(ValueError, match="holds no run"):
        run(crawl.warcs, tmp_path)


MEASURE = """
import resource, sys
from helpers.crawl.run import run
if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], workers=1)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.long
def test_memory_does_not_grow_with_the_crawl(tmp_path):
    peaks = []
    for n in (300, 3000):
        made = make(tmp_path / str(n), n, n_files=1, noise=Noise(corrupt=False, truncated=False))
        command = [sys.executable, "-c", MEASURE, made.warcs[0], tmp_path / f"out-{n}"]
        environment = {**os.environ, "UFM_BATCH": "1"}
        peaks.append(int(subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout))
    assert peaks[1] < 1.2 * peaks[0], peaks


def test_a_crawl_of_any_bytes_is_accounted_for(tmp_path):
    rng = random.Random(0)
    bodies = [rng.randbytes(rng.randrange(300)) for _ in range(150)]
    bodies += [("".join(chr(rng.randrange(32, 0x3000)) for _ in range(400)) + ". ").encode() * 3 for _ in range(100)]
    data = b"".join(member(page(n, body)) for n, body in enumerate(bodies))
    result = run(written(tmp_path, data), tmp_path / "out", workers=1)
    assert result.n_in == len(bodies) == result.n_out + result.accounting()["count"].sum()
    with gzip.open(tmp_path / "out/documents/00000.jsonl.gz") as lines:
        assert len(lines.readlines()) == result.n_out
