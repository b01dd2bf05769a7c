"""What a run of the pipeline gave: its documents, and an account of every record that went in."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.crawl.steps import DEDUPLICATE, OUT, REJECTED, STAGES, Stage

if TYPE_CHECKING:
    import pandas as pd

FILTERED, FINAL, LOGS, LOSSES = "filtered", "documents", "logs", "losses"  # folders of a run
NEAR_DUPLICATE = "near-duplicate"
MINHASH = {"forwarded": OUT, "dropped": REJECTED + NEAR_DUPLICATE}  # datatrove's names


@dataclass(frozen=True)
class Result:
    """A run that is complete, in its folder `out`."""

    out: Path

    def documents(self) -> Iterator[dict[str, Any]]:
        """The corpus, in the order of the files: `text`, `language`, `url`, `date`, `id`, `file`, `position`, `charset`, and
        `repaired`, whether that was another charset than was declared."""
        for file in sorted((self.out / FINAL).glob("*.jsonl.gz")):
            with gzip.open(file, "rt", encoding="utf-8") as lines:
                yield from map(json.loads, lines)

    def accounting(self) -> "pd.DataFrame":
        """Who left where: `stage`, `reason` and `count`, in the order of the stages, within each the most frequent first.

        `n_in` records are `n_out` documents and these. A stretch of a file that could not be read counts as one.
        """
        import pandas as pd

        rows = [
            (stage, label.removeprefix(REJECTED), count)
            for stage, counts in self._counts().items()
            for label, count in counts.most_common()
            if label.startswith(REJECTED)
        ]
        return pd.DataFrame(rows, columns=["stage", "reason", "count"])

    @property
    def n_in(self) -> int:
        """How many records there were, the lost ones among them."""
        return next(iter(self._counts().values())).total()

    @property
    def n_out(self) -> int:
        """How many documents the corpus has."""
        return self._counts()[DEDUPLICATE][OUT]

    def losses(self) -> "pd.DataFrame":
        """What could not be read: `file`, `position` and `n_bytes` in it, `reason`, and `detail` of a failed download."""
        import pandas as pd

        files = sorted((self.out / LOSSES).glob("*.tsv"))
        rows = [line.split("\t") for file in files for line in file.read_text(encoding="utf-8").splitlines()]
        table = pd.DataFrame(rows, columns=["file", "position", "n_bytes", "reason", "detail"])
        return table.astype({"position": int, "n_bytes": int})

    def speed(self) -> "pd.DataFrame":
        """One row a step: `records` that came to it, `seconds` of one core that it took, and `per_second`."""
        import pandas as pd

        counts, seconds = self._counts(), Counter[str]()
        for stage, step in self._statistics():
            time = step["time_stats"]
            seconds[stage] += time["total"] if isinstance(time, dict) else time
        rows = [(stage, counts[stage].total(), seconds[stage]) for stage in STAGES]
        table = pd.DataFrame(rows, columns=["step", "records", "seconds"])
        return table.assign(per_second=table.records / table.seconds)

    def _statistics(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The statistics of each step of each rank, with the stage it belongs to; writing is left out.

        They are summed here: of a run that was resumed, datatrove's own sum has the last part only.
        """
        for file in sorted((self.out / LOGS).glob("*/stats/*.json")):
            for step in json.loads(file.read_text(encoding="utf-8")):
                kind, name = step["name"].split(": ", 1)
                if kind == Stage.type or "DEDUP" in kind:
                    yield name if kind == Stage.type else DEDUPLICATE, step

    def _counts(self) -> dict[str, Counter[str]]:
        """What each stage passed on and rejected, summed over the ranks, and checked: what one gives the next one gets."""
        counts = {stage: Counter[str]() for stage in STAGES}
        for stage, step in self._statistics():
            for label, value in step["stats"].items():
                label = MINHASH.get(label, label) if stage == DEDUPLICATE else label
                if label == OUT or label.startswith(REJECTED):
                    counts[stage][label] += int(value["total"] if isinstance(value, dict) else value)
        for one, other in zip(STAGES, STAGES[1:], strict=False):
            if counts[one][OUT] != counts[other].total():
                raise RuntimeError(
                    f"{self.out}: {one!r} gave {counts[one][OUT]} documents and {other!r} got {counts[other].total()}; "
                    "the run is not complete, or files were changed"
                )
        return counts
