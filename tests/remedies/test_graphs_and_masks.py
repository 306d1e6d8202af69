"""Sums over neighbours become means, and no query of an attention is left nothing to attend to."""

import pytest
import torch
from tests.remedies.ailing import Neighbours, finding
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from relume.remedies import remedies
from relume.remedies.attention_masks import unmasked
from relume.remedies.average_neighbours import Averages
from relume.remedies.guard_operations import Guards
from relume.trial import Patient, admit, trained

HEADS, WIDTH, LENGTH, EXAMPLES = 2, 8, 5, 3


def graph(joined: Tensor) -> Patient:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(20, len(joined), 4, generator=generator)
    torch.manual_seed(0)
    model = Neighbours(nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1)))
    batches = [(joined, each, each[:, :1]) for each in x]
    return admit(model, batches, nn.MSELoss(), optimizer=Adam(model.parameters(), 1e-2), steps=20)


def test_a_mean_is_taken_where_a_graph_is_summed_over() -> None:
    joined = (torch.rand(30, 30, generator=torch.Generator().manual_seed(1)) < 0.4).float()
    patient = graph(joined)
    said = remedies["average-neighbours"].apply(patient, finding())
    assert said.startswith("means of neighbours in place of sums: matmul at ailing.py:")
    summed = patient.copied()
    summed.loss = graph(joined).loss
    assert trained(patient, steps=10)[0] < 0.5 * trained(summed, steps=10)[0]
    with Averages():
        mean = joined @ torch.ones(30, 2)
    assert torch.allclose(mean, torch.ones(30, 2))


@pytest.mark.parametrize(
    "joined",
    [
        torch.eye(6),  # each its own only neighbour
        torch.full((6, 6), 1 / 6),  # a mean already
        torch.randn(6, 6, generator=torch.Generator().manual_seed(0)),  # below 0 too: no graph
        torch.ones(6, 6, requires_grad=True),  # learnt, as attention is
    ],
    ids=["alone", "mean", "negative", "learnt"],
)
def test_what_is_no_sum_over_a_graph_stays(joined: Tensor) -> None:
    nodes = torch.randn(6, 2)
    with Averages() as mode:
        assert torch.equal(joined @ nodes, torch.matmul(joined, nodes))
    assert not mode.needed


def attended(*, padding: Tensor | None = None, among: Tensor | None = None, is_guarded: bool) -> Tensor:
    torch.manual_seed(0)
    attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
    x = torch.randn(EXAMPLES, LENGTH, WIDTH)
    if not is_guarded:
        out, _ = attention(x, x, x, key_padding_mask=padding, attn_mask=among)
        return out
    with Guards():
        out, _ = attention(x, x, x, key_padding_mask=padding, attn_mask=among)
    return out


def padded(of: str) -> Tensor:
    mask = torch.zeros(EXAMPLES, LENGTH, dtype=torch.bool)
    mask[1, :2] = True  # on the left
    mask[2] = of == "row"
    return mask


CAUSAL = torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1)


@pytest.mark.parametrize("among", [None, CAUSAL], ids=["all", "causal"])
@pytest.mark.parametrize("as_numbers", [False, True])
def test_what_is_masked_throughout_is_no_nan_and_the_rest_is_as_it_was(
    among: Tensor | None, as_numbers: bool
) -> None:
    padding = padded("row")
    if as_numbers:
        padding = torch.zeros(padding.shape).masked_fill(padding, -torch.inf)
        among = None if among is None else torch.zeros(among.shape).masked_fill(among, -torch.inf)
    broken = attended(padding=padding, among=among, is_guarded=False)
    mended = attended(padding=padding, among=among, is_guarded=True)
    assert broken[2].isnan().all()
    assert mended.isfinite().all()
    defined = broken.isfinite().all(-1)
    assert torch.allclose(mended[defined], broken[defined], atol=1e-6)
    assert defined.sum() == (10 if among is None else 8)  # of 15: padding on the left sees nothing before it


def test_where_every_query_sees_something_nothing_is_changed() -> None:
    padding = padded("left")
    x = torch.randn(LENGTH, EXAMPLES, WIDTH)
    assert unmasked((x, x, x, WIDTH, HEADS), {"key_padding_mask": padding}) is None
    assert unmasked((x, x, x, WIDTH, HEADS), {"attn_mask": CAUSAL}) is None
    by_head = CAUSAL.expand(EXAMPLES * HEADS, LENGTH, LENGTH)
    assert unmasked((x, x, x, WIDTH, HEADS), {"attn_mask": by_head}) is None
    assert unmasked((x, x, x, WIDTH, HEADS), {"attn_mask": by_head, "key_padding_mask": padding}) is not None


def test_a_training_with_rows_of_padding_is_repaired() -> None:
    torch.manual_seed(0)
    model = nn.TransformerEncoderLayer(WIDTH, HEADS, 16, dropout=0.0, batch_first=True)
    x = torch.randn(EXAMPLES, LENGTH, WIDTH)

    def loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        return F.mse_loss(model(batch[0], src_key_padding_mask=batch[1]), batch[0])

    patient = admit(model, [(x, padded("row"))], loss, optimizer=Adam(model.parameters(), 1e-2), steps=1)
    assert "multi_head_attention_forward at " in remedies["guard-operations"].apply(patient, finding())
    losses = trained(patient, steps=10)
    assert len(losses) == 10
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("as_keyword", [True, False])
def test_a_sequence_too_short_for_its_target_counts_nothing(as_keyword: bool) -> None:
    scores = torch.randn(4, 2, 5, requires_grad=True)
    targets, frames, lengths = torch.tensor([[1, 2], [1, 1]]), torch.tensor([4, 2]), torch.tensor([2, 2])
    given = {"zero_infinity": False} if as_keyword else {}

    def loss() -> Tensor:
        return F.ctc_loss(scores.log_softmax(-1), targets, frames, lengths, **given)

    assert loss().isinf()
    with Guards() as mode:
        mended = loss()
    (gradient,) = torch.autograd.grad(mended, scores)
    assert gradient.isfinite().all()
    assert not gradient[:, 1].any()
    assert mode.needed


def test_a_mask_keeps_its_minus_infinity_and_loses_its_nan() -> None:
    class Masked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(3, 3)
            self.register_buffer(
                "kept", torch.zeros(3, 3).masked_fill(torch.ones(3, 3).triu(1) > 0, -torch.inf)
            )
            self.mask = torch.ones(3, 3).triu(1) * -torch.inf  # 0 times infinity is none

        def forward(self, x: Tensor) -> Tensor:
            return (self.layer(x) + self.mask + self.kept).softmax(-1)

    model = Masked()
    patient = admit(model, [(torch.randn(3, 3), torch.eye(3))], nn.MSELoss(), steps=1)
    assert remedies["clean-state"].apply(patient, finding()) == "6 of 9 numbers of mask set to 0"
    assert torch.equal(patient.model.kept, model.kept)  # type: ignore[arg-type]
    assert torch.equal(patient.model.mask, model.kept)  # type: ignore[arg-type]
    assert model.mask.isnan().sum() == 6
