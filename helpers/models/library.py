"""The same architectures in the libraries: their model of a config, and its weights under our names."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from helpers.models import Config
from helpers.models.hybrid import is_middle

Named = dict[str, Tensor]
KINDS = {
    "transformer": "Llama", "Mamba": "Mamba", "Mamba-2": "Mamba2", "RWKV": "Rwkv", "hybrid": "Jamba",
}  # fmt: skip


def library_model(name: str, config: Config, **changes: Any) -> nn.Module:
    """The library's model that computes what ours of this config does, with weights of its own: `model(ids).logits`.

    Args:
        name: of the architecture, as in `helpers.models.registry`. The LSTM is torch's, the others are transformers'.
        config: its shape.
        changes: of transformers' config.

    Raises:
        KeyError: if there is no such architecture.
    """
    if name == "LSTM":
        return TorchLSTM(config)
    import transformers

    transformers.logging.set_verbosity_error()  # it names kernels for GPUs that would be faster, once a layer
    sizes = {"vocab_size": config.vocab_size, "hidden_size": config.d_model, "num_hidden_layers": config.n_layers}
    kind, settings = KINDS[name], _settings(name, config) | changes
    made = getattr(transformers, f"{kind}Config")(**sizes, **settings, tie_word_embeddings=True)
    return getattr(transformers, f"{kind}ForCausalLM")(made).train()


class TorchLSTM(nn.Module):
    """Torch's LSTM between torch's embedding and torch's linear layer of the same weights."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.layers = nn.LSTM(config.d_model, config.d_model, config.n_layers, batch_first=True)
        self.head = nn.Linear(config.d_model, config.vocab_size)
        self.head.weight = self.embedding.weight

    def forward(self, ids: Tensor) -> SimpleNamespace:
        return SimpleNamespace(logits=self.head(self.layers(self.embedding(ids))[0]))


def _settings(name: str, config: Config) -> dict[str, Any]:
    """What transformers calls the sizes of our config."""
    attention: dict[str, Any] = {
        "num_attention_heads": config.n_heads, "num_key_value_heads": config.n_kv_heads or config.n_heads,
        "intermediate_size": config.d_ff or -(-8 * config.d_model // 48) * 16, "rms_norm_eps": 1e-5, "pad_token_id": None,
    }  # fmt: skip
    ssm: dict[str, Any] = {"state_size": config.d_state, "conv_kernel": config.d_conv, "expand": config.expand}
    of_kind: dict[str, dict[str, Any]] = {
        "transformer": attention,
        "Mamba": ssm | {"time_step_rank": config.dt_rank or "auto"},
        "Mamba-2": ssm | {
            "n_groups": 1, "head_dim": config.head_dim, "num_heads": config.expand * config.d_model // config.head_dim,
            "chunk_size": config.chunk,
        },
        "RWKV": {"intermediate_size": config.d_ff, "rescale_every": 0},
        "hybrid": attention | {
            "mamba_d_state": config.d_state, "mamba_d_conv": config.d_conv, "mamba_expand": config.expand,
            "mamba_dt_rank": config.dt_rank or "auto",
            "attn_layer_period": config.attention_period, "attn_layer_offset": config.attention_period // 2,
            "num_experts": 1, "num_experts_per_tok": 1,
        },
    }  # fmt: skip
    return of_kind[name]


def renamed(name: str, theirs: Named, config: Config) -> Named:
    """The library's tensors under our names. It only renames, stacks and transposes, so it serves gradients as well.

    Args:
        name: of the architecture.
        theirs: tensors by the library's names, such as `dict(model.named_parameters())`.
        config: the shape of the model.
    """
    if name == "LSTM":
        return {{"head.bias": "bias"}.get(key, key): tensor for key, tensor in theirs.items()}
    body, embedding, norm = {
        "RWKV": ("rwkv.blocks", "rwkv.embeddings", "rwkv.ln_out"),
        "Mamba": ("backbone.layers", "backbone.embeddings", "backbone.norm_f"),
        "Mamba-2": ("backbone.layers", "backbone.embeddings", "backbone.norm_f"),
        "transformer": ("model.layers", "model.embed_tokens", "model.norm"),
        "hybrid": ("model.layers", "model.embed_tokens", "model.final_layernorm"),
    }[name]
    ours = {"embedding.weight": theirs[f"{embedding}.weight"]} | _under("norm", _part(theirs, norm))
    for number in range(config.n_layers):
        layer = _part(theirs, f"{body}.{number}")
        ours |= _under(f"blocks.{number}", LAYERS[name](layer, is_middle(number, config.attention_period)))
    return ours


def _transformer_layer(layer: Named, attends: bool = True) -> Named:
    norms = {"norm.weight": layer["input_layernorm.weight"], "ff_norm.weight": layer["post_attention_layernorm.weight"]}
    mixer, ff = _attention(_part(layer, "self_attn")), _feed_forward(_part(layer, "mlp"))
    return norms | _under("mixer", mixer) | _under("feed_forward", ff)


def _hybrid_layer(layer: Named, attends: bool) -> Named:
    norms = {"norm.weight": layer["input_layernorm.weight"], "ff_norm.weight": layer["pre_ff_layernorm.weight"]}
    mixer = _attention(_part(layer, "self_attn")) if attends else _mamba_mixer(_part(layer, "mamba"))
    ff = _feed_forward(_part(layer, "feed_forward"))
    return norms | _under("mixer", mixer) | _under("feed_forward", ff)


def _mamba_layer(layer: Named, attends: bool) -> Named:
    return {"norm.weight": layer["norm.weight"]} | _under("mixer", _mamba_mixer(_part(layer, "mixer")))


def _rwkv_layer(layer: Named, attends: bool) -> Named:
    owners = {
        "pre_ln": "first_norm", "ln1": "time_norm", "ln2": "channel_norm", "attention": "time_mix",
        "feed_forward": "channel_mix",
    }  # fmt: skip
    names = {
        "time_decay": "decay", "time_first": "first", "output.weight": "out.weight", "receptance.weight": "r.weight",
        "key.weight": "k.weight", "value.weight": "v.weight",
        "time_mix_receptance": "mix_r", "time_mix_key": "mix_k", "time_mix_value": "mix_v",
    }  # fmt: skip
    split = {key: key.split(".", 1) for key in layer}
    return {f"{owners[split[k][0]]}.{names.get(split[k][1], split[k][1])}": t.squeeze() for k, t in layer.items()}


LAYERS: dict[str, Callable[[Named, bool], Named]] = {
    "transformer": _transformer_layer,
    "Mamba": _mamba_layer,
    "Mamba-2": _mamba_layer,
    "RWKV": _rwkv_layer,
    "hybrid": _hybrid_layer,
}


def _attention(layer: Named) -> Named:
    return {"qkv.weight": torch.cat([layer[f"{x}_proj.weight"] for x in "qkv"]), "out.weight": layer["o_proj.weight"]}


def _feed_forward(layer: Named) -> Named:
    gate_up = torch.cat([layer["gate_proj.weight"], layer["up_proj.weight"]])
    return {"gate_up.weight": gate_up, "down.weight": layer["down_proj.weight"]}


def _mamba_mixer(layer: Named) -> Named:
    """Of Mamba, with Jamba's norms if it has them, and of Mamba-2."""
    names = {
        "in_proj.weight": "inner.weight", "conv1d.bias": "conv_bias", "x_proj.weight": "select.weight",
        "dt_proj.weight": "dt.weight", "dt_proj.bias": "dt.bias", "D": "skip", "out_proj.weight": "out.weight",
        "dt_layernorm.weight": "norms.0.weight", "b_layernorm.weight": "norms.1.weight",
        "c_layernorm.weight": "norms.2.weight", "dt_bias": "dt_bias", "norm.weight": "norm.weight",
    }  # fmt: skip
    ours = {names[key]: tensor for key, tensor in layer.items() if key in names}
    ours["conv"] = layer["conv1d.weight"][:, 0].T.contiguous()
    return ours | {"log_a": layer["A_log"].T.contiguous() if layer["A_log"].dim() == 2 else layer["A_log"]}


def _under(prefix: str, tensors: Named) -> Named:
    return {f"{prefix}.{key}": tensor for key, tensor in tensors.items()}


def _part(tensors: Named, prefix: str) -> Named:
    """The tensors whose names begin with "prefix.", without it."""
    return {key.removeprefix(f"{prefix}."): tensor for key, tensor in tensors.items() if key.startswith(f"{prefix}.")}
