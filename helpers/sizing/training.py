"""Bytes and seconds that training needs: weights, gradients, the optimiser's numbers, and activations for the way back."""

from dataclasses import dataclass

from helpers.sizing.compute import training_flops
from helpers.sizing.config import Hardware, ModelConfig, check_context, check_positive, check_size, count_parameters
from helpers.sizing.memory import weight_bytes

CHECKPOINTING = ("none", "selective", "full")
FLOATS = {"fp32": 4, "bf16": 2, "fp16": 2}  # bytes
MFU = 0.4  # model FLOPs utilisation (Chowdhery et al., 2023): the part of the peak rate that training reaches


@dataclass(frozen=True)
class TrainingMemory:
    """Bytes that a step of training needs, by what they are for."""

    weights: float
    gradients: float
    optimiser: float
    activations: float

    @property
    def total(self) -> float:
        """Their sum."""
        return self.weights + self.gradients + self.optimiser + self.activations


def training_memory(
    config: ModelConfig, context: int, batch: int = 1, *, precision: str = "bf16", checkpointing: str = "none",
    lora_rank: int | None = None, frozen_precision: str | None = None,
) -> TrainingMemory:  # fmt: skip
    """Return the bytes of a step of training with AdamW, of all weights or of adapters on queries and values.

    In mixed precision a trained parameter takes 16 bytes: 2 for the weight, 2 for its gradient, and 12 for the optimiser's
    weight, mean and variance in 32 bits (Rajbhandari et al., 2020); in fp32 it is 4, 4 and 8. With adapters of `lora_rank`
    (Hu et al., 2022) the model's own weights are only read, and may be stored in fewer bits, `frozen_precision` (Dettmers et
    al., 2023). Their activations are then fewer than is said here, as a matrix that is not trained needs its input no more.
    """
    kept = activation_bytes(config, context, batch, checkpointing, precision=precision)
    trained, frozen, each = count_parameters(config).total, 0.0, FLOATS[precision]
    if lora_rank is not None:
        check_size("lora_rank", lora_rank)
        if not any("query" in part.shapes for part in config.parts):
            raise ValueError(
                f"lora_rank={lora_rank} finds no queries to adapt in this model; give None to train all weights"
            )
        trained, frozen = lora_parameters(config, lora_rank), weight_bytes(config, frozen_precision or precision)
    elif frozen_precision is not None:
        raise ValueError(f"frozen_precision={frozen_precision!r} is for adapters; give lora_rank too")
    return TrainingMemory(frozen + each * trained, each * trained, (16 - 2 * each) * trained, kept)


def lora_parameters(config: ModelConfig, rank: int, targets: tuple[str, ...] = ("query", "value")) -> int:
    """Count the parameters of low-rank adapters: rank · (rows + columns) for each matrix that has one (Hu et al., 2022).

    `targets` are names of matrices, as the parts have them; the paper's are those of queries and values.
    """
    check_size("rank", rank)
    layers = [part for part in config.parts if part.kind in ("attention", "state", "feed-forward")]
    matrices = [(name, s, part) for part in layers for name, s in part.shapes.items() if len(s) == 2]
    adapted = [rank * sum(shape) * part.count for name, shape, part in matrices if name in targets]
    if not adapted:
        known = dict.fromkeys(name for name, _, part in matrices if part.kind != "feed-forward")
        raise ValueError(f"targets={targets!r} name no matrix of this model; there are {', '.join(known)}")
    return sum(adapted)


def activation_bytes(
    config: ModelConfig, context: int, batch: int = 1, checkpointing: str = "none", *, precision: str = "bf16"
) -> float:
    """Return the bytes of activations that a step of training keeps for the backward pass.

    For a GPT without dropout, in 16 bits, it is S·B·D·L·(32 + 2·H·S/D) + 4·S·B·(D + V) (Korthikanti et al., 2022); here each
    term has the model's own widths. "selective" computes attention's scores again, as FlashAttention does; "full" keeps
    each layer's input alone: 2·S·B·D·L. States are computed again, as their kernels do.
    """
    check_context(config, context)
    check_size("batch", batch)
    if checkpointing not in CHECKPOINTING:
        raise ValueError(f"checkpointing={checkpointing!r} is not known; there are {', '.join(CHECKPOINTING)}")
    if precision not in FLOATS:
        raise ValueError(f"precision={precision!r} is not one that training computes in; there are {', '.join(FLOATS)}")
    each, d = FLOATS[precision], config.d_model
    outside = 2 * each * d + 4 * config.vocab_size
    if checkpointing == "full":
        return batch * context * (outside + each * d * config.n_layers)
    inside = sum(each * part.saved * part.used for part in config.parts)
    if checkpointing == "none":
        inside += sum(each * part.heads * part.seen(context) * part.used for part in config.parts)
    return batch * context * (outside + inside)


def training_seconds(
    config: ModelConfig, n_tokens: float, hardware: Hardware, n_devices: int = 1, *, mfu: float = MFU, context: int = 0
) -> float:
    """Return the seconds to train a model on so many tokens in 16 bits, with `mfu` of the peak rate."""
    check_positive("mfu", mfu)
    if mfu > 1:
        raise ValueError(f"mfu={mfu!r} is more than the peak; give a part of it, above 0 and at most 1")
    return training_flops(config, n_tokens, context) / (mfu * hardware.times(n_devices).flops("bf16"))
