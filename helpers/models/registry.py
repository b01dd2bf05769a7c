"""The architectures by name: `ARCHITECTURES[name](config)` is a model."""

from collections.abc import Callable

from helpers.models import Config
from helpers.models.hybrid import hybrid
from helpers.models.mamba import mamba
from helpers.models.mamba2 import mamba2
from helpers.models.recurrent import LSTM
from helpers.models.rwkv import rwkv
from helpers.models.stack import LanguageModel
from helpers.models.transformer import transformer

ARCHITECTURES: dict[str, Callable[[Config], LanguageModel]] = {
    "transformer": transformer,
    "LSTM": LSTM,
    "Mamba": mamba,
    "Mamba-2": mamba2,
    "RWKV": rwkv,
    "hybrid": hybrid,
}
