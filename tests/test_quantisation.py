"""Quantisation against arithmetic by hand, and against torch's."""

import pytest
import torch

from helpers.quantisation import dequantise, quantise, quantised_weights, relative_error

WEIGHT = torch.randn(12, 64, generator=torch.Generator().manual_seed(0))


def test_by_hand():
    weight = torch.tensor([[7.0, -3.4, 0.2], [0.0, 14.0, 5.0]])
    one = quantise(weight, 4, "channel")
    assert one.codes.tolist() == [[7, -3, 0], [0, 7, 2]]  # 5 / 2 = 2.5, and torch rounds halves to even
    assert one.scales.flatten().tolist() == [1, 2]
    assert dequantise(one).tolist() == [[7, -3, 0], [0, 14, 4]]
    assert quantise(weight, 4, "tensor").codes.flatten().tolist() == [4, -2, 0, 0, 7, 2]
    assert one.stored_bytes == 6 * 4 / 8 + 2 * 2


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_it_rounds_as_torch_does(bits):
    ours = quantise(WEIGHT, bits, "channel")
    top = 2 ** (bits - 1) - 1
    zero = torch.zeros(len(WEIGHT), dtype=torch.int32)
    theirs = torch.fake_quantize_per_channel_affine(WEIGHT, ours.scales.float().flatten(), zero, 0, -top, top)
    assert (dequantise(ours) - theirs).abs().max() < 1e-5


@pytest.mark.parametrize("bits", [4, 8])
def test_no_weight_moves_by_more_than_half_a_step_and_smaller_groups_err_less(bits):
    for share in ("tensor", "channel", 16):
        q = quantise(WEIGHT, bits, share)
        steps = q.scales.float().expand(q.codes.shape).reshape(WEIGHT.shape)
        top = 2 ** (bits - 1) - 1
        assert ((dequantise(q) - WEIGHT).abs() <= steps * (0.5 + top * 2**-10)).all()  # the scale itself is rounded to fp16
    errors = [relative_error(WEIGHT, bits, share) for share in ("tensor", "channel", 16)]
    assert errors == sorted(errors, reverse=True)


def test_zeros_stay_zeros():
    assert not dequantise(quantise(torch.zeros(2, 4), 4)).any()


def test_a_model_is_as_before_after_the_block_even_after_an_error():
    model = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.LayerNorm(4))
    before = {name: p.clone() for name, p in model.named_parameters()}
    with quantised_weights(model, 2) as n_bytes:
        assert not torch.equal(model[0].weight, before["0.weight"])
        assert torch.equal(model[0].bias, before["0.bias"])
        assert n_bytes == 32 * 2 / 8 + 4 * 2 + 12 * 2
    with pytest.raises(RuntimeError, match="stop"), quantised_weights(model, 2):
        raise RuntimeError("stop")
    assert all(torch.equal(p, before[name]) for name, p in model.named_parameters())


def test_a_shared_matrix_is_rounded_and_counted_once():
    model = torch.nn.Module()
    model.one, model.two = torch.nn.Embedding(6, 4), torch.nn.Linear(4, 6, bias=False)
    model.two.weight = model.one.weight
    with quantised_weights(model, 8) as n_bytes:
        assert n_bytes == 24 + 6 * 2


@pytest.mark.parametrize(
    ("weight", "bits", "share", "message"),
    [
        (torch.ones(3), 8, "channel", r"weight of shape \(3,\) and torch.float32 is no matrix"),
        (torch.ones(2, 2, dtype=torch.int8), 8, "channel", "no matrix of finite floats"),
        (torch.tensor([[torch.nan]]), 8, "channel", "no matrix of finite floats"),
        (WEIGHT, 1, "channel", "bits=1 is not accepted; give a whole number from 2 to 8"),
        (WEIGHT, 4.0, "channel", "bits=4.0"),
        (WEIGHT, 4, 24, "share=24 is not accepted"),
        (WEIGHT, 4, "row", "share='row' is not accepted"),
        (WEIGHT, 4, True, "share=True"),
    ],
)
def test_bad_input_is_named(weight, bits, share, message):
    with pytest.raises(ValueError, match=message):
        quantise(weight, bits, share)
