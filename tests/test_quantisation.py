"""Quantisation against arithmetic by hand, and against torch's."""

import numpy as np
import pytest
import torch

from helpers.quantisation import dequantise, more_bits, quantise, quantise_with_inputs, quantised_weights, relative_error

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


def test_a_zero_point_by_hand():
    weight = torch.tensor([[3.0, 4.5, 18.0], [-1.0, 0.0, 14.0]])
    made = quantise(weight, 4, "channel", zero_point=True)
    assert made.lows.flatten().tolist() == [3, -1] and made.scales.flatten().tolist() == [1, 1]
    assert made.codes.tolist() == [[0, 2, 15], [0, 1, 15]]  # 1.5 is rounded to even
    assert dequantise(made).tolist() == [[3, 5, 18], [-1, 0, 14]]
    assert made.stored_bytes == 6 * 4 / 8 + 2 * 2 * 2


def test_a_matrix_that_lies_on_a_grid_is_restored_by_that_grid_alone():
    rows = torch.randint(0, 16, (4, 64), generator=torch.Generator().manual_seed(1)).float()
    rows[:, ::32], rows[:, 1::32] = 0, 15  # each group has the ends of its grid
    weight = 0.25 * rows - 1.5
    assert relative_error(weight, 4, 32, zero_point=True) == 0
    assert relative_error(weight, 4, 32) > 0.02


def correlated(n_in: int) -> torch.Tensor:
    """Inputs (500, n_in) that go together."""
    generator = torch.Generator().manual_seed(2)
    return torch.randn(500, n_in, generator=generator) + 2 * torch.randn(500, 1, generator=generator)


@pytest.mark.parametrize(("share", "zero_point"), [("channel", False), (16, False), (16, True)])
def test_correcting_errors_helps_where_inputs_go_together_and_changes_nothing_where_they_do_not(share, zero_point):
    x = correlated(WEIGHT.shape[1])

    def output_error(quantised):
        return float((x @ (dequantise(quantised) - WEIGHT).T).square().mean())

    nearest = quantise(WEIGHT, 4, share, zero_point=zero_point)
    corrected = quantise_with_inputs(WEIGHT, x.T @ x, 4, share, zero_point=zero_point)
    assert output_error(corrected) < 0.7 * output_error(nearest)
    assert corrected.stored_bytes == nearest.stored_bytes
    alone = quantise_with_inputs(WEIGHT, torch.eye(WEIGHT.shape[1]), 4, share, zero_point=zero_point)
    assert torch.allclose(dequantise(alone), dequantise(nearest), atol=1e-6)


def test_each_layer_is_corrected_for_what_the_rounded_layers_before_it_send() -> None:
    torch.manual_seed(3)
    model = torch.nn.Sequential(torch.nn.Embedding(5, 8), torch.nn.Linear(8, 8), torch.nn.ReLU(), torch.nn.Linear(8, 4))
    before, ids = [p.detach().clone() for p in model.parameters()], torch.randint(5, (3, 7))
    embedding, first, _, second, _ = before
    with quantised_weights(model, 3, 4, zero_point=True, reads=ids):
        assert torch.equal(model[0].weight, dequantise(quantise(embedding, 3, 4, zero_point=True)))
        for layer, weight, x in ((model[1], first, model[0](ids)), (model[3], second, model[:3](ids))):
            x = x.detach().flatten(0, 1)
            due = dequantise(quantise_with_inputs(weight, x.T @ x, 3, 4, zero_point=True))
            assert torch.equal(layer.weight, due)
    assert all(map(torch.equal, model.parameters(), before)) and not model[1]._forward_pre_hooks


def test_a_tied_matrix_is_rounded_to_the_nearest_and_an_unread_layer_is_refused() -> None:
    model = torch.nn.Sequential(torch.nn.Embedding(6, 4), torch.nn.Linear(4, 6, bias=False))
    model[1].weight = model[0].weight
    weight = model[0].weight.detach().clone()
    with quantised_weights(model, 4, reads=torch.tensor([[1, 2]])) as n_bytes:
        assert torch.equal(model[1].weight, dequantise(quantise(weight, 4))) and n_bytes == 12 + 6 * 2
    layers = torch.nn.ModuleDict({"read": torch.nn.Linear(4, 4), "unread": torch.nn.Linear(4, 4)})
    layers.forward = lambda x: layers["read"](x)
    with (
        pytest.raises(ValueError, match="1 matrices of linear layers read nothing"),
        quantised_weights(layers, 4, reads=torch.ones(2, 4)),
    ):
        pass


def test_the_cost_is_paired_by_text():
    full = np.array([100.0, 5000.0, 900.0])
    cost = more_bits(1.02 * full, full)
    assert cost.low == pytest.approx(2) and cost.value == pytest.approx(2) and cost.high == pytest.approx(2)
