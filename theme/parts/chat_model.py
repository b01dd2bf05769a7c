"""What the model playground has of the chat model: distributions that were recorded, and what the model itself needs there.

llama.cpp for browsers completes text alone and reads special tokens in it: neither ids nor what a reader typed would reach
the model as they are. Therefore the site has a head for the maker's file in which the text of each token is one character;
a prompt is a row of such characters. The tensors are the maker's own bytes; the page writes those of 4 and of 8 bits in 32,
as Python does (theme/static/parts/widen.js).
"""

import json
import math
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from helpers import assets
from helpers.chat import START, load
from theme.parts.kept import kept
from theme.parts.tokens import template
from theme.parts.vocabularies import byte_letters

FIRST_CODE = 0xF0000  # of the private characters that stand for tokens
REPLACED = ("model", "pre", "tokens", "token_type", "merges", "scores", "add_bos_token", "add_space_prefix")
N_TOP = 200  # tokens that are written one by one
WIDTH = 0.25  # of a group of the others, in nats


def weights() -> Path:
    """Return the chat model's GGUF file."""
    (file,) = assets.path("chat-model").glob("*.gguf")
    return file


def recipe() -> str:
    """Return what all that is kept here depends on: the chat model and this code."""
    return assets.path("chat-model").name + Path(__file__).read_text(encoding="utf-8")


def about() -> dict[str, object]:
    """Return what the page has to know before it loads the model: its file, and tokens that have a meaning of their own."""
    folder, file = assets.path("chat-model"), weights()
    special = {token["content"]: token["id"] for token in _json("tokenizer.json")["added_tokens"] if token["special"]}
    return {
        "model": {"file": file.name, "bytes": file.stat().st_size, "version": folder.name} | head()[1],
        "special": list(special.values()),
        "ends": [_json("generation_config.json")["eos_token_id"]],
        "start": {"text": START, "id": special[START]},
    }


def token_bytes() -> list[str]:
    """Return the bytes of each token, each as the character of that number; special tokens are their names."""
    vocabulary = _json("tokenizer.json")["model"]["vocab"]
    values = {letter: chr(i) for i, letter in enumerate(byte_letters())}
    return ["".join(values[letter] for letter in token) for token in sorted(vocabulary, key=vocabulary.__getitem__)]


def head() -> tuple[bytes, dict]:
    """Return what is to stand before the tensors, and of the maker's file their "offset" and which are "narrow".

    The vocabulary in it says that it is SentencePiece's, so llama.cpp looks up each character of a prompt and joins no two.
    All its tokens are marked as unused, so the engine spells none of them in its answers: writing a list takes a fifth less.
    A narrow tensor has fewer than 32 bits a weight: a triple of where it begins, where it ends, and its type.
    """

    def make() -> bytes:
        from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, TokenType

        def text(value: str) -> bytes:
            return struct.pack("<Q", len(value.encode())) + value.encode()

        reader = GGUFReader(weights())
        fields = {
            name.removeprefix("tokenizer.ggml."): field for name, field in reader.fields.items() if "GGUF." not in name
        }
        count = len(fields["tokens"].data)
        string, array = struct.pack("<I", GGUFValueType.STRING), struct.pack("<I", GGUFValueType.ARRAY)
        codes = b"".join(text(chr(FIRST_CODE + i)) for i in range(count))
        entries = [
            _bytes(field.parts) for name, field in fields.items() if name not in (*REPLACED, "tokenizer.chat_template")
        ]
        entries.append(text("tokenizer.ggml.model") + string + text("llama"))
        entries.append(text("tokenizer.ggml.tokens") + array + string + struct.pack("<Q", count) + codes)
        types = struct.pack("<IQ", GGUFValueType.INT32, count) + struct.pack("<i", TokenType.UNUSED) * count
        entries.append(text("tokenizer.ggml.token_type") + array + types)
        for name in REPLACED[-2:]:
            entries.append(text(f"tokenizer.ggml.{name}") + struct.pack("<I?", GGUFValueType.BOOL, False))
        tensors: list[bytes] = []
        narrow: list[tuple[int, int, str]] = []
        place = 0
        for tensor in reader.tensors:
            tensors.append(_bytes(tensor.field.parts)[:-12] + struct.pack("<IQ", GGMLQuantizationType.F32, place))
            start = int(tensor.data_offset)
            if tensor.tensor_type != GGMLQuantizationType.F32:
                narrow.append((start, start + int(tensor.n_bytes), tensor.tensor_type.name))
            place += int(tensor.n_elements) * 4
        made = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(entries)) + b"".join([*entries, *tensors])
        known = json.dumps({"offset": reader.data_offset, "narrow": narrow}).encode()
        return known + b"\n" + made + bytes(-len(made) % reader.alignment)

    known, _, made = kept("model-head", recipe(), make).partition(b"\n")
    return made, json.loads(known)


def recorded(prompts: Sequence[str]) -> dict[str, list]:
    """Return what the chat model gives each prompt, and the parts of its chat template; both are kept for the next build."""

    def make() -> bytes:
        made = [{"text": prompt} | grouped(*next_token(prompt)) for prompt in prompts]
        return json.dumps({"prompts": made, "template": template(assets.path("chat-model"), [])}).encode()

    return json.loads(kept("next-tokens", f"{recipe()} {prompts}", make))


def next_token(prompt: str) -> tuple[np.ndarray, list[str], list[int]]:
    """Return the log-probabilities of the next token, in nats, of shape (V,), each token as text, and the prompt's ids."""
    import torch

    model, tokenizer = load()
    ids = tokenizer(START + prompt, add_special_tokens=False, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        log_probs = model(ids, logits_to_keep=1).logits[0, -1].double().log_softmax(dim=-1)
    return log_probs.numpy(), [str(tokenizer.decode([i])) for i in range(len(log_probs))], ids[0].tolist()


def grouped(log_probs: np.ndarray, texts: Sequence[str], ids: Sequence[int]) -> dict[str, list]:
    """Return the likeliest tokens and those of the prompt, which a penalty may single out, and the others in groups.

    Args:
        log_probs: of all tokens, in nats, of shape (V,).
        texts: of the tokens.
        ids: of the prompt.

    Returns:
        "ids"; "top", triples of text, log-probability and id; and "tail", pairs of the number of tokens and the
        log-probability of each, such that each group has the probability of its tokens; from the likeliest down.
    """
    order = np.argsort(-log_probs, kind="stable")
    alone = np.zeros(len(log_probs), dtype=bool)
    alone[[*order[:N_TOP], *ids]] = True
    tail = log_probs[order[~alone[order]]]
    bins = np.floor(tail / WIDTH)
    groups = [tail[bins == edge] for edge in sorted(set(bins), reverse=True)]
    return {
        "ids": list(ids),
        "top": [[texts[i], round(float(log_probs[i]), 6), int(i)] for i in order[alone[order]]],
        "tail": [[len(group), round(math.log(np.exp(group).mean()), 6)] for group in groups],
    }


def _json(name: str) -> dict:
    return json.loads((assets.path("chat-model") / name).read_text(encoding="utf-8"))


def _bytes(parts: Sequence[np.ndarray]) -> bytes:
    return b"".join(part.tobytes() for part in parts)
