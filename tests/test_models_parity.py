"""Logits and gradients of each architecture are those of transformers' model with the same weights."""

from types import SimpleNamespace

import pytest
from torch import nn

from benchmarks.models import transformers_model
from helpers.models import Config
from helpers.models.hybrid import hybrid, is_middle
from helpers.models.mamba import mamba
from helpers.models.mamba2 import mamba2
from helpers.models.recurrent import LSTM
from helpers.models.rwkv import rwkv
from helpers.models.transformer import transformer
from helpers.training import seeded
from tests.parity import assert_equal, attention, by_layer, feed_forward, mamba2_mixer, mamba_mixer, part, under
from tests.small_models import one_thread  # noqa: F401

SEEDS = range(3)
SHAPES = [  # config, B, L
    (Config(50, 32, 2, d_ff=40, n_heads=4, n_kv_heads=2, attention_period=2, chunk=5), 2, 17),
    (Config(11, 48, 3, n_heads=4, n_kv_heads=1, d_state=5, d_conv=2, dt_rank=7, head_dim=8, chunk=16), 1, 40),
    (Config(64, 16, 4, n_heads=1, d_state=3, d_conv=3, expand=3, head_dim=48, attention_period=3, expert_period=1), 3, 1),
    (
        Config(
            30, 24, 4, n_heads=6, n_kv_heads=3, n_experts=4, experts_per_token=2, attention_period=2, head_dim=1, chunk=3
        ),
        2,
        9,
    ),
]
parametrize = pytest.mark.parametrize(
    ("config", "b", "length"), SHAPES, ids=["small", "one sequence", "one token", "experts"]
)


class TorchsLSTM(nn.Module):
    """Torch's layers between torch's embedding and torch's linear layer of the same weights."""

    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.layers = nn.LSTM(config.d_model, config.d_model, config.n_layers, batch_first=True)
        self.head = nn.Linear(config.d_model, config.vocab_size)
        self.head.weight = self.embedding.weight

    def forward(self, ids):
        return SimpleNamespace(logits=self.head(self.layers(self.embedding(ids))[0]))


@pytest.mark.parametrize("seed", SEEDS)
@parametrize
def test_the_lstm_is_torchs(config, b, length, seed):
    def renamed(theirs):
        return {{"head.bias": "bias"}.get(name, name): tensor for name, tensor in theirs.items()}

    assert_equal(LSTM(config), seeded(lambda: TorchsLSTM(config), seed), renamed, seed, b, length)


def check(ours, config, renamed, seed, b, length):
    theirs = seeded(lambda: transformers_model(ours, config), seed)
    assert_equal(ours(config), theirs, renamed, seed, b, length)


@pytest.mark.parametrize("seed", SEEDS)
@parametrize
def test_the_transformer_is_llama(config, b, length, seed):
    def renamed(theirs):
        ours = {"embedding.weight": theirs["model.embed_tokens.weight"], "norm.weight": theirs["model.norm.weight"]}
        for i, layer in enumerate(by_layer(theirs, "model.layers")):
            norms = {
                "norm.weight": layer["input_layernorm.weight"],
                "ff_norm.weight": layer["post_attention_layernorm.weight"],
            }
            ours |= under(f"blocks.{i}", norms | under("mixer", attention(part(layer, "self_attn"))))
            ours |= under(f"blocks.{i}.feed_forward", feed_forward(part(layer, "mlp")))
        return ours

    check(transformer, config, renamed, seed, b, length)


@pytest.mark.parametrize("seed", SEEDS)
@parametrize
@pytest.mark.parametrize(("ours", "mixer"), [(mamba, mamba_mixer), (mamba2, mamba2_mixer)])
def test_mamba_is_mamba(ours, mixer, config, b, length, seed):
    def renamed(theirs):
        ours = {"embedding.weight": theirs["backbone.embeddings.weight"], "norm.weight": theirs["backbone.norm_f.weight"]}
        for i, layer in enumerate(by_layer(theirs, "backbone.layers")):
            ours |= under(f"blocks.{i}", {"norm.weight": layer["norm.weight"]})
            ours |= under(f"blocks.{i}.mixer", mixer(part(layer, "mixer")))
        return ours

    check(ours, config, renamed, seed, b, length)


@pytest.mark.parametrize("seed", SEEDS)
@parametrize
def test_rwkv_is_rwkv_4(config, b, length, seed):
    names = {"time_decay": "decay", "time_first": "first", "output.weight": "out.weight"}
    mixes = {"time_mix_receptance": "mix_r", "time_mix_key": "mix_k", "time_mix_value": "mix_v"}
    norms = {"pre_ln": "first_norm", "ln1": "time_norm", "ln2": "channel_norm"}

    def renamed(theirs):
        ours = {"embedding.weight": theirs["rwkv.embeddings.weight"]} | under("norm", part(theirs, "rwkv.ln_out"))
        for i, layer in enumerate(by_layer(theirs, "rwkv.blocks")):
            for name, tensor in layer.items():
                owner, rest = name.split(".", 1)
                whose = {"attention": "time_mix", "feed_forward": "channel_mix"}.get(owner) or norms[owner]
                rest = (names | mixes).get(rest) or rest.replace("receptance", "r").replace("key", "k").replace("value", "v")
                ours[f"blocks.{i}.{whose}.{rest}"] = tensor.squeeze()
        return ours

    check(rwkv, config, renamed, seed, b, length)


@pytest.mark.parametrize("seed", SEEDS)
@parametrize
def test_the_hybrid_is_jamba(config, b, length, seed):
    def experts(layer):
        pairs = zip(layer["experts.gate_up_proj"], layer["experts.down_proj"], strict=True)
        ours = {"router.weight": layer["router.weight"]}
        for number, (gate_up, down) in enumerate(pairs):
            ours |= under(f"experts.{number}", {"gate_up.weight": gate_up, "down.weight": down})
        return ours

    def renamed(theirs):
        ours = {
            "embedding.weight": theirs["model.embed_tokens.weight"],
            "norm.weight": theirs["model.final_layernorm.weight"],
        }
        for i, layer in enumerate(by_layer(theirs, "model.layers")):
            attends = is_middle(i, config.attention_period)
            mixer = attention(part(layer, "self_attn")) if attends else mamba_mixer(part(layer, "mamba"))
            ff = part(layer, "feed_forward")
            ours |= under(f"blocks.{i}.feed_forward", experts(ff) if "router.weight" in ff else feed_forward(ff))
            norms = {"norm.weight": layer["input_layernorm.weight"], "ff_norm.weight": layer["pre_ff_layernorm.weight"]}
            ours |= under(f"blocks.{i}", norms | under("mixer", mixer))
        return ours

    check(hybrid, config, renamed, seed, b, length)
