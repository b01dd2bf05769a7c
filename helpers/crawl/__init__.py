"""From a crawl to a corpus: a miniature crawl whose truth is known, and the pipeline that reads any WARC or WET file.

`make` writes the miniature crawl.
"""

from helpers.crawl.make import MiniCrawl, make
from helpers.crawl.noise import Noise

__all__ = ["MiniCrawl", "Noise", "make"]
