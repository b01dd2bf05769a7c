"""A base model of a small world, pre-trained once and kept by the hash of what made it."""

import hashlib
import os
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

import helpers.models.stack
import helpers.models.transformer
import helpers.training
import helpers.world
from helpers.assets import cache_dir
from helpers.models import Config
from helpers.models.stack import Stack
from helpers.models.transformer import transformer
from helpers.training import Recipe, seeded, train
from helpers.world import WorldConfig, make_world
from helpers.world.documents import documents, shuffled
from helpers.world.tokenizer import document_ids, make_tokenizer

STEPS = 800
RECIPE = Recipe(n_tokens=STEPS * 32 * 32, batch_size=32, context=32, learning_rate=1e-2)


def base_config(vocab_size: int) -> Config:
    """The shape of the small world's model."""
    return Config(vocab_size=vocab_size, d_model=64, n_layers=2, n_heads=4, context=96)


def base_model(world: WorldConfig, recipe: Recipe = RECIPE, config: Config | None = None) -> Stack:
    """The model that is pre-trained on a world's documents: from the cache, or made now and put there.

    A file that is damaged or half written is made again. What changes any of world, recipe, shape, source or torch's
    version is another file.

    Args:
        world: what the documents are made from.
        recipe: how it is trained; its seed is also that of the weights.
        config: the shape; None for `base_config`.

    Returns:
        The model, ready to use.

    Raises:
        ValueError: if the vocabulary of `config` is not the world's.
    """
    made = make_world(world)
    tokenizer = make_tokenizer(made)
    config = config or base_config(tokenizer.vocab_size)
    if config.vocab_size != tokenizer.vocab_size:
        raise ValueError(f"config.vocab_size={config.vocab_size} is not the world's; give {tokenizer.vocab_size}")
    model = seeded(lambda: transformer(config), recipe.seed)
    file = base_file(world, recipe, config)
    if _load(model, file):
        return model.eval()
    ids = torch.tensor(document_ids(shuffled(documents(made), world.seed), tokenizer))
    train(model, ids, recipe, label=f"pre-training, world {world.seed}")
    _save(model, file)
    return model


def base_file(world: WorldConfig, recipe: Recipe, config: Config) -> Path:
    """Where the model made of these is kept."""
    source = [Path(str(module.__file__)) for module in (helpers.models.stack, helpers.models.transformer, helpers.training)]
    world_folder = Path(helpers.world.__file__).parent  # questions and judges come after pre-training
    source += [world_folder / f"{name}.py" for name in ("__init__", "language", "documents", "tokenizer")] + [Path(__file__)]
    digest = hashlib.sha256(repr([asdict(world), asdict(recipe), asdict(config), torch.__version__]).encode())
    for file in source:
        digest.update(file.read_bytes())
    return cache_dir() / "world-models" / f"{digest.hexdigest()[:16]}.safetensors"


def _load(model: nn.Module, file: Path) -> bool:
    """Whether the file's weights are in the model now."""
    try:
        model.load_state_dict(load_file(file))
    except (FileNotFoundError, SafetensorError, RuntimeError, KeyError):  # none, cut off, or of another shape
        return False
    return all(torch.isfinite(p).all() for p in model.parameters())


def _save(model: nn.Module, file: Path) -> None:
    """Write beside the place and move there, so that a run that is stopped leaves no half file under the name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, partial)
    partial.replace(file)
