"""From needs to a ranked shortlist of real models: what is ruled out and why, and what ranks the rest.

Facts are those of `data/models.csv`, memory and speed those of `helpers.sizing`. What the table does not know counts against
a model that it is asked of: unknown is not yes. The rank is lexicographic: the first criterion decides, ties go to the next.
"""

from helpers.selection.choosing import ORDER, Choice, Shortlist, judge, shortlist
from helpers.selection.needs import GENERAL, Needs
from helpers.selection.reasons import SUPPORT, TEXTS, Reason
from helpers.selection.table import Model, domains, languages, models, premiums_of

__all__ = [
    "GENERAL", "ORDER", "SUPPORT", "TEXTS", "Choice", "Model", "Needs", "Reason", "Shortlist",
    "domains", "judge", "languages", "models", "premiums_of", "shortlist",
]  # fmt: skip
