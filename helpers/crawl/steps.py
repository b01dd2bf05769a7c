"""The steps of the pipeline, as datatrove's executors run them: each counts what it passes on, and what it rejects and why.

datatrove saves the counts of a rank when the rank is done, so a rank that is run again counts once.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Unpack

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils.batching import batched

from helpers.crawl.extract import NO_PAGE, UNREADABLE, extract, is_unreadable
from helpers.crawl.profiles import Profile, profile_of
from helpers.crawl.read import Loss, ReadOptions, Record, records
from helpers.crawl.rules import judge
from helpers.languages import EMPTY, REPLACEMENT, UNDECODABLE, detect_many

OUT, REJECTED = "out", "rejected: "  # how the counts are called in datatrove's statistics
READ, EXTRACT, REPAIR, IDENTIFY, FILTER, DEDUPLICATE = "read", "extract", "repair", "identify", "filter", "deduplicate"
STAGES = (READ, EXTRACT, REPAIR, IDENTIFY, FILTER, DEDUPLICATE)
NO_WARC, NO_LETTERS = "not a WARC file", "no letters"
BATCH = 64  # documents that are identified at a time


class Stage(PipelineStep):
    """A step that passes a document on, or rejects it for a reason that it names."""

    type = "crawl"

    def check(self, document: Document) -> str:
        """Change a document as this step does, and say why it goes no further, or ""."""
        raise NotImplementedError

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Pass on the documents that are not rejected."""
        for document in data:
            with self.track_time():
                reason = self.check(document)
            if self.count(reason):
                yield document

    def count(self, reason: str) -> bool:
        """Count a document; true if it goes on."""
        self.stat_update(REJECTED + reason if reason else OUT)
        return not reason


class Read(Stage):
    """Records of a rank's files, each as a document without text. datatrove's own reader needs packages that the book does
    not have, drops pages without text before anyone counts them, and stops at a broken member."""

    name = READ

    def __init__(self, paths: tuple[str, ...], losses: Path, **options: Unpack[ReadOptions]) -> None:
        super().__init__()
        self.paths, self.losses, self.options = paths, losses, options

    def run(self, data: Iterable[Document] | None = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Read the files `rank`, `rank + world_size` …; what is lost goes into a list of the rank's own."""
        self.losses.mkdir(parents=True, exist_ok=True)
        with (self.losses / f"{rank:05d}.tsv").open("w", encoding="utf-8") as losses:
            for path in self.paths[rank::world_size]:
                for found in self._timed(path):
                    if isinstance(found, Loss):
                        detail = " ".join(found.detail.split())
                        losses.write(f"{found.file}\t{found.position}\t{found.n_bytes}\t{found.reason}\t{detail}\n")
                        self.count(found.reason)
                    elif self.count("" if found.kind in ("response", "conversion") else NO_PAGE):
                        yield _document(found)

    def _timed(self, path: str) -> Iterator[Record | Loss]:
        found = records(path, **self.options)
        while True:
            with self.track_time():
                try:
                    item = next(found, None)
                except ValueError as error:  # a URL with something else behind it; files on disk were looked at before
                    item = Loss(NO_WARC, path, 0, 0, str(error))
            if item is None:
                return
            yield item


class Extract(Stage):
    """`extract`, whose text takes the place of the record."""

    name = EXTRACT

    def check(self, document: Document) -> str:
        """Give a document its text."""
        found = extract(document.metadata.pop("record"))
        document.text = found.text
        document.metadata |= {"charset": found.charset, "repaired": found.repaired}
        return found.reason


class Repair(Stage):
    """What no charset could read is rejected; a stray U+FFFD is dropped."""

    name = REPAIR

    def check(self, document: Document) -> str:
        """Reject a text that holds too much U+FFFD."""
        if is_unreadable(document.text):
            return UNREADABLE
        document.text = document.text.replace(REPLACEMENT, "")
        return ""


class Identify(Stage):
    """The bulk detector, for a batch of documents at a time. Languages that it does not know, or can't tell, go on."""

    name = IDENTIFY

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Label documents with their language."""
        for batch in batched(data, BATCH):
            with self.track_time("batch"):
                labels = detect_many([document.text for document in batch])
            for document, label in zip(batch, labels, strict=True):
                document.metadata["language"] = label
                if self.count({EMPTY: NO_LETTERS, UNDECODABLE: UNREADABLE}.get(label, "")):
                    yield document


class Filter(Stage):
    """The rules of C4, Gopher and FineWeb, with the limits of a document's language."""

    name = FILTER

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        super().__init__()
        self.profiles = profiles

    def check(self, document: Document) -> str:
        """Judge a document, and keep those of its lines that are good."""
        verdict = judge(document.text, profile_of(document.text, document.metadata["language"], self.profiles))
        document.text = verdict.text
        return verdict.reason


class Write(JsonlWriter):
    """A file for each rank, also for one without documents: a later stage pairs files with ranks by their number."""

    name = "write"

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder), expand_metadata=True)

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Write documents; what a rank that was killed has left is written over."""
        self.output_mg.get_file(self.output_filename.substitute(rank=f"{rank:05d}"))
        yield from super().run(data, rank, world_size)


def _document(record: Record) -> Document:
    about = {"url": record.url, "date": record.date, "file": record.file, "position": record.position}
    return Document(text="", id=record.id or f"{record.file}:{record.position}", metadata={**about, "record": record})
