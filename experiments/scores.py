"""What the chat model finds likely in chapter 08, of reviews and of sentences that it may have read: its own cells.

python -m experiments scores

A minute on two cores. The chapter scores a part again and compares it with the tables.
"""

from experiments import record
from experiments.cells import CHAPTERS, table_of

CHAPTER = CHAPTERS / "08_sampling.ipynb"
CELLS = ("imports", "top", "classify", "copied")  # what the runs need of the chapter


def run() -> None:
    """Record the margins of all reviews, and of a review that says nothing, and the likelihood of all sentences."""
    margins = 'margins([*reviews.review, "N/A"]).rename_axis("text").reset_index()'
    record(table_of(CHAPTER, CELLS, margins), "review_margins")
    record(table_of(CHAPTER, CELLS, "mean_nats(twins)"), "memorised_scores")
