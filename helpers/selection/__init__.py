"""From needs to a ranked shortlist of real models: which meet them, which may once a fact is looked up, and which do not.

Facts are those of `data/models.csv`, memory and speed those of `helpers.sizing`. Each need is a check that says yes, no or
"not known here": unknown is neither. The rank is lexicographic: the first criterion decides, ties go to the next.
"""

from helpers.selection.choosing import (
    KINDS,
    NEAR,
    ORDER,
    STEP,
    USES,
    Choice,
    Needs,
    Reason,
    Sensitivity,
    Shortlist,
    judge,
    sensitivity,
    shortlist,
    texts,
)
from helpers.selection.table import (
    GENERAL,
    GRADES,
    INDEX,
    Model,
    domains,
    grade,
    index_of,
    languages,
    models,
    named_earlier,
    premiums_of,
)

__all__ = [
    "GENERAL", "GRADES", "INDEX", "KINDS", "NEAR", "ORDER", "STEP", "USES", "Choice", "Model", "Needs", "Reason",
    "Sensitivity", "Shortlist", "domains", "grade", "index_of", "judge", "languages", "models", "named_earlier",
    "premiums_of", "sensitivity", "shortlist", "texts",
]  # fmt: skip
