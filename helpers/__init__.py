"""The plumbing behind *Understanding Foundation Models*: one module per idea, none of them importing a chapter.

Importing this package is cheap and does one thing: it tells the libraries that the book uses to look for their files in
the book's cache, and never on a network, and not to ask for widgets, which pages without a kernel can't show.
"""

import os
import warnings

from helpers.assets import ASSETS

os.environ["TIKTOKEN_CACHE_DIR"] = str(ASSETS["openai-vocabularies"].folder())
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
warnings.filterwarnings("ignore", message="IProgress not found")
