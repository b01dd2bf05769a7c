"""transformers, imported without the warning that tqdm gives in a notebook without widgets, for bars that are off anyway."""

import warnings

from tqdm import TqdmWarning

with warnings.catch_warnings():
    warnings.simplefilter("ignore", TqdmWarning)
    import transformers

__all__ = ["transformers"]
