"""The same sizes as transformers builds them: models without memory for their weights, to hold our counts against.

The library's own classes decide which weights there are; nothing is downloaded, and nothing is allocated.
"""

from typing import TYPE_CHECKING, Any

from helpers.sizing.config import ModelConfig, known_model

if TYPE_CHECKING:
    from transformers import PreTrainedModel

KINDS = {  # the start of a name, and what transformers calls such models
    "SmolLM2": "Llama", "Llama": "Llama", "Mistral": "Mistral", "Mixtral": "Mixtral", "Gemma": "Gemma", "GPT": "GPT2",
    "Qwen2.5": "Qwen2", "Qwen3": "Qwen3Moe", "Qwen1.5": "Qwen2Moe", "Pythia": "GPTNeoX", "Mamba-": "Mamba",
    "Mamba2": "Mamba2", "RWKV": "Rwkv", "Jamba": "Jamba",
}  # fmt: skip


def library_model(name: str) -> "PreTrainedModel":
    """The model that transformers builds of a known model's sizes, on torch's "meta" device.

    Args:
        name: of a model in `data/model_configs.csv`.

    Raises:
        ValueError: if it is not there.
    """
    sizes = known_model(name)
    return built(next(kind for start, kind in KINDS.items() if name.startswith(start)), sizes)


def built(kind: str, sizes: ModelConfig) -> "PreTrainedModel":
    """A model of transformers on the "meta" device.

    Args:
        kind: what its classes' names begin with, such as "Llama".
        sizes: of the model.

    Raises:
        ValueError: if the kind is none of `KINDS`.
    """
    import torch
    import transformers

    if kind not in KINDS.values():
        raise ValueError(f"kind={kind!r} is not known; there are {', '.join(sorted(set(KINDS.values())))}")
    config = getattr(transformers, f"{kind}Config")(**library_sizes(kind, sizes))
    with torch.device("meta"):
        return getattr(transformers, "GPT2LMHeadModel" if kind == "GPT2" else f"{kind}ForCausalLM")(config)


def library_sizes(kind: str, c: ModelConfig) -> dict[str, Any]:
    """The sizes by the names that a config of transformers has for them."""
    common = {"vocab_size": c.vocab_size, "tie_word_embeddings": c.tied, "pad_token_id": None}
    if kind == "GPT2":
        names = {"n_embd": c.d_model, "n_layer": c.n_layers, "n_head": c.n_heads, "n_inner": c.d_ff}
        return common | names | {"n_positions": c.n_positions}
    common |= {"hidden_size": c.d_model, "num_hidden_layers": c.n_layers}
    ssm = {"state_size": c.d_state, "conv_kernel": c.d_conv, "expand": c.expand}
    if kind == "Mamba":
        return common | ssm | {"time_step_rank": c.rank}
    if kind == "Mamba2":
        heads = c.d_inner // c.ssm_head_dim
        return common | ssm | {"num_heads": heads, "head_dim": c.ssm_head_dim, "n_groups": c.n_groups}
    if kind == "Rwkv":
        return common | {"intermediate_size": c.d_ff, "attention_hidden_size": c.d_model}
    common |= {"num_attention_heads": c.n_heads, "intermediate_size": c.d_ff}
    if kind != "GPTNeoX":
        common |= {"num_key_value_heads": c.kv_heads, "head_dim": c.head_width}
    return common | _expert_sizes(kind, c)


def _expert_sizes(kind: str, c: ModelConfig) -> dict[str, Any]:
    experts = {"num_experts": c.n_experts, "num_experts_per_tok": c.experts_per_token}
    of_kind: dict[str, dict[str, Any]] = {
        "Mixtral": {"num_local_experts": c.n_experts, "num_experts_per_tok": c.experts_per_token},
        "Qwen2Moe": experts | {"moe_intermediate_size": c.d_ff, "shared_expert_intermediate_size": c.shared_d_ff},
        "Qwen3Moe": experts | {"moe_intermediate_size": c.d_ff},
        "Jamba": experts | {"attn_layer_period": c.attention_period, "attn_layer_offset": c.attention_period // 2,
                            "expert_layer_period": c.expert_period, "expert_layer_offset": c.expert_period // 2,
                            "mamba_d_state": c.d_state, "mamba_d_conv": c.d_conv, "mamba_expand": c.expand,
                            "mamba_dt_rank": c.rank},
    }  # fmt: skip
    return of_kind.get(kind, {})
