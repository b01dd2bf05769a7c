"""From WARC and WET files to a corpus, in five stages that run on one machine or on a cluster, and can be resumed.

filter        a rank per file: read, extract, repair, identify, filter, write
sign          a rank per file: MinHash signatures of what was written
match         a rank per bucket: which documents have the same signature there
cluster       one rank: which documents are the same
deduplicate   a rank per file: write one document of each cluster
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor, RayPipelineExecutor
from datatrove.executor.base import PipelineExecutor
from datatrove.pipeline import dedup
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.readers import JsonlReader
from datatrove.utils.hashing import HashConfig

from helpers.crawl.fetch import checked_path, is_url
from helpers.crawl.launch import LOCAL, check_launcher, launcher, quiet, run_ranks
from helpers.crawl.profiles import WORDS, profiles
from helpers.crawl.read import MAX_BYTES, records
from helpers.crawl.result import FILTERED, FINAL, LOGS, LOSSES, Result
from helpers.crawl.steps import Extract, Filter, Identify, Read, Repair, Write

SETTINGS = "run.json"
N_BUCKETS, HASHES_PER_BUCKET, N_GRAM = 14, 8, 5  # FineWeb's: pairs with 3 of 4 five-word phrases in common are caught
FILES = "*.jsonl.gz"


def run(
    paths: str | Path | Iterable[str | Path],
    out: str | Path,
    *,
    executor: str = LOCAL,
    workers: int = 2,
    seed: int = 0,
    max_bytes: int = MAX_BYTES,
    timeout: float = 30.0,
    tries: int = 3,
) -> Result:
    """Turn WARC or WET files into a corpus of clean, distinct documents with their languages, and account for every record.

    What is done is kept: after an interruption, call it again with the same arguments. Of a run that is complete it gives
    the result.

    Args:
        paths: files, or their URLs of http or https; each is a rank, the unit that is done, or done again, as a whole.
        out: a folder for the corpus and all that leads to it; new, empty, or of the same run. On a cluster, one that all
            its machines see under this path.
        executor: "local" or "ray".
        workers: how many ranks run at a time.
        seed: of MinHash.
        max_bytes: a record with more is not read but counted as a loss.
        timeout: seconds to wait for a server.
        tries: requests in a row that may fail before a file on the web is given up and counted as a loss.

    Raises:
        ValueError: if an argument is not what it should be, a file is not there or is no WARC file, or `out` holds
            something else.
        ImportError: if Ray is asked for and not installed.
        CrawlStoppedError: if a rank was not finished; the message says how to resume.
    """
    files = _checked(paths)
    check_launcher(executor, workers)
    out = Path(out).absolute()
    _settle(out, {"paths": files, "seed": seed, "max_bytes": max_bytes, "code": _code()})
    reading = {"max_bytes": max_bytes, "timeout": timeout, "tries": tries}
    stages = {
        name: _executor(executor, pipeline, n_ranks, out / LOGS / name)
        for name, (pipeline, n_ranks) in _stages(tuple(files), out, seed, reading).items()
    }
    if any(stage.get_incomplete_ranks() for stage in stages.values()):
        with launcher(executor, workers) as launch:
            for name, stage in stages.items():
                run_ranks(launch, stage, name)
    return Result(out)


def _stages(files: tuple[str, ...], out: Path, seed: int, reading: dict) -> dict[str, tuple[list[PipelineStep], int]]:
    """datatrove's pipelines, in order, and how many ranks each has."""
    config = dedup.MinhashConfig(
        n_grams=N_GRAM,
        num_buckets=N_BUCKETS,
        hashes_per_bucket=HASHES_PER_BUCKET,
        seed=seed,
        hash_config=HashConfig(hash_fc="sha1"),
    )
    folder = {name: str(out / name) for name in ("signatures", "matches", "clusters")}
    read = Read(files, out / LOSSES, **reading)
    good = [read, Extract(), Repair(), Identify(), Filter(profiles()), Write(out / FILTERED)]
    again = JsonlReader(str(out / FILTERED), glob_pattern=FILES, add_file_path=False)
    sign = dedup.MinhashDedupSignature(folder["signatures"], config, language=WORDS)
    match = dedup.MinhashDedupBuckets(folder["signatures"], folder["matches"], config=config)
    cluster = dedup.MinhashDedupCluster(folder["matches"], folder["clusters"], config=config)
    keep = dedup.MinhashDedupFilter(folder["clusters"])
    return {
        "filter": (good, len(files)),
        "sign": ([again, sign], len(files)),
        "match": ([match], N_BUCKETS),
        "cluster": ([cluster], 1),
        "deduplicate": ([again, keep, Write(out / FINAL)], len(files)),
    }


def _executor(kind: str, pipeline: list[PipelineStep], n_ranks: int, logs: Path) -> PipelineExecutor:
    made = LocalPipelineExecutor if kind == LOCAL else RayPipelineExecutor
    with quiet():
        return made(pipeline, tasks=n_ranks, logging_dir=str(logs))


def _checked(paths: str | Path | Iterable[str | Path]) -> list[str]:
    """Absolute paths and URLs, each once, and of the files on disk those that begin as WARC files do."""
    if isinstance(paths, str | Path):
        paths = [paths]
    files = [path if is_url(path) else str(Path(path).absolute()) for path in map(checked_path, paths)]
    if not files:
        raise ValueError("paths is empty; a run needs at least one WARC or WET file")
    if twice := sorted({path for path in files if files.count(path) > 1}):
        raise ValueError(f"paths has {twice[0]!r} more than once; its documents would be there as often")
    for path in files:
        if not is_url(path):
            next(records(path), None)
    return files


def _settle(out: Path, settings: dict) -> None:
    """Make the folder of a run, or make sure that it is this run's."""
    file = out / SETTINGS
    if file.is_file():
        old = json.loads(file.read_text(encoding="utf-8"))
        if differ := [name for name in settings if old.get(name) != settings[name]]:
            raise ValueError(f"out={str(out)!r} has a run with other {', '.join(differ)}; name another folder, or remove it")
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"out={str(out)!r} exists and holds no run; name a folder that is new or empty")
    out.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(settings, indent=1), encoding="utf-8")


def _code() -> str:
    """Digest of this package, so that no run is finished by other rules than it was begun with."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
