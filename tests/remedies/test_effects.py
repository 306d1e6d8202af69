"""Each remedy lowers the loss of a network that has the fault it is for."""

import copy
import pickle

import pytest
import torch
from tests.remedies import ailing
from tests.remedies.ailing import CLASSES, FEATURES, batches, finding, he, mlp, patient_of
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from relume.probe.begin import watch
from relume.remedies import remedies
from relume.remedies.anatomy import anatomy_of
from relume.remedies.attempts import final_loss
from relume.remedies.guard_operations import Guards
from relume.trial import Patient, admit, run_trial

STEPS = 60
FAULTS = {
    "vanishing": (ailing.vanishing, ("replace-activation", "variance-preserving-initialisation")),
    "vanishing scale": (ailing.vanishing_scale, ("variance-preserving-initialisation",)),
    "vanishing scale by data": (ailing.vanishing_scale, ("layer-sequential-unit-variance",)),
    "vanishing scale, normalised": (ailing.vanishing_scale, ("insert-normalisation",)),
    "dead": (ailing.dead, ("revive-dead-units",)),
    "dead, leaky": (lambda: ailing.dead(bias=-5.0), ("leaky-slope",)),
    "exploding": (ailing.exploding, ("variance-preserving-initialisation",)),
    "exploding by data": (ailing.exploding, ("layer-sequential-unit-variance",)),
    "exploding, clipped": (ailing.exploding, ("lower-learning-rate", "clip-gradients")),
    "exploding, regularised": (ailing.exploding, ("lower-learning-rate", "regularise-activations")),
    "exploding, as torch draws": (ailing.exploding, ("default-initialisation",)),
    "symmetric, as torch draws": (ailing.symmetric, ("default-initialisation",)),
    "bytes": (ailing.bytes_in, ("standardise-input",)),
    "symmetric": (ailing.symmetric, ("break-symmetry",)),
    "too fast": (ailing.too_fast, ("lower-learning-rate",)),
    "too fast, clipped": (ailing.too_fast, ("clip-gradients",)),
}


def treated(patient: Patient, names: tuple[str, ...]) -> Patient:
    copied = patient.copied()
    for name in names:
        assert remedies[name].apply(copied, finding(name))
    return copied


@pytest.mark.parametrize(("fault", "names"), FAULTS.values(), ids=list(FAULTS))
def test_it_lowers_the_loss(fault: object, names: tuple[str, ...]) -> None:
    assert callable(fault)
    patient = fault()
    before = final_loss(run_trial(patient.copied(), steps=STEPS))
    after = final_loss(run_trial(treated(patient, names), steps=STEPS))
    print(f"\n{'+'.join(names)}: {before:.4g} -> {after:.4g}")
    assert after < 0.9 * before


def test_variance_is_preserved_through_a_deep_network() -> None:
    patient = patient_of(mlp(nn.ReLU, depth=12, width=256))
    remedies["variance-preserving-initialisation"].apply(patient, finding())
    with watch(patient.model) as watched:
        patient.loss(patient.model, patient.batches[0])
    sizes = [reading.value.root_mean_square for reading in watched.readings().values()]
    assert 0.5 < sizes[-1] / sizes[0] < 2


def test_every_layer_has_unit_variance_afterwards() -> None:
    patient = patient_of(mlp(nn.Tanh, depth=8))
    remedies["layer-sequential-unit-variance"].apply(patient, finding())
    found = []
    for layer in patient.model.modules():
        if isinstance(layer, nn.Linear):
            layer.register_forward_hook(lambda module, args, y: found.append(float(y.detach().var())))
    patient.loss(patient.model, patient.batches[0])
    assert len(found) == 9
    assert all(0.9 <= variance <= 1.1 for variance in found)


class Residual(nn.Module):
    def __init__(self, blocks: int) -> None:
        super().__init__()
        self.stem = nn.Linear(FEATURES, 32)
        self.one = nn.ModuleList(nn.Linear(32, 32) for _ in range(blocks))
        self.two = nn.ModuleList(nn.Linear(32, 32) for _ in range(blocks))
        self.head = nn.Linear(32, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for one, two in zip(self.one, self.two, strict=True):
            x = x + two(F.relu(one(x)))
        return self.head(F.relu(x))


def test_residual_branches_are_known_and_scaled_down() -> None:
    model = Residual(9)
    nn.init.zeros_(model.two[0].weight)
    patient = patient_of(model)
    closing = [product.weight for product in anatomy_of(patient).products if product.closes_branch]
    assert closing == [f"two.{block}.weight" for block in range(9)]
    remedies["variance-preserving-initialisation"].apply(patient, finding())
    weights = dict(patient.model.named_parameters())
    assert not weights["two.0.weight"].any()
    expected = (2 / 32) ** 0.5 / 3  # of nine branches, each a third
    assert float(weights["two.1.weight"].detach().std()) == pytest.approx(expected, rel=0.1)
    # The residual stream went through no activation: gain 1.
    assert float(weights["one.1.weight"].detach().std()) == pytest.approx((1 / 32) ** 0.5, rel=0.1)


class Functional(nn.Module):
    """A gate, hidden layers and an output, all sigmoids; the first two are called, not modules."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = nn.Linear(FEATURES, 16), nn.Linear(16, 16), nn.Linear(16, 16)
        self.gate, self.out, self.act = nn.Linear(16, 16), nn.Linear(16, CLASSES), nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        x = torch.sigmoid(self.one(x))
        x = self.two(x).sigmoid()
        x = self.act(self.three(x))
        x = x * torch.sigmoid(self.gate(x))
        return self.act(self.out(x))


def activations_of(patient: Patient) -> list[str]:
    return [use.name for use in anatomy_of(patient).uses]


def test_hidden_calls_are_swapped_and_gates_and_outputs_are_not() -> None:
    patient = admit(Functional(), batches(), F.cross_entropy, steps=3)
    done = remedies["replace-activation"].apply(patient, finding())
    assert "test_effects.py:" in done
    # The gated one is left alone too: what it is multiplied with may count on its range.
    assert activations_of(patient) == ["relu", "relu", "sigmoid", "sigmoid", "sigmoid"]
    assert list(patient.model.state_dict()) == list(Functional().state_dict())
    with watch(patient.model) as watched:
        patient.loss(patient.model, patient.batches[0])
    assert [site.activation for site in watched.readings().sites][:2] == ["relu", "relu"]


def test_a_model_with_swapped_calls_can_be_copied_and_pickled() -> None:
    patient = admit(Functional(), batches(), F.cross_entropy, steps=3)
    remedies["replace-activation"].apply(patient, finding())
    x = patient.batches[0][0]
    y = patient.model(x)
    assert torch.equal(copy.deepcopy(patient.model)(x), y)
    assert torch.equal(pickle.loads(pickle.dumps(patient.model))(x), y)


def test_reviving_leaves_living_units_and_their_moments_alone() -> None:
    patient = ailing.everything()
    model, adam = patient.model, patient.optimizer
    assert isinstance(model, ailing.Everything)
    assert isinstance(adam, Adam)
    before, x = copy.deepcopy(model.state_dict()), torch.cat([batch[0] for batch in patient.batches])
    y, silent = model(x).detach(), torch.zeros(16, dtype=torch.bool)

    def look(module: nn.Module, args: object, h: Tensor) -> None:
        magnitude = h.detach().abs().mean(0)
        silent.copy_(magnitude <= 0.1 * magnitude.mean())

    handle = model.rectifier.register_forward_hook(look)
    model(x)
    handle.remove()
    assert 8 <= int(silent.sum()) < 16
    remedies["revive-dead-units"].apply(patient, finding())
    assert torch.equal((model.three.weight != before["three.weight"]).any(1), silent)
    assert torch.equal((model.out.weight == 0).all(0), silent)
    assert torch.equal(model.out.weight[:, ~silent], before["out.weight"][:, ~silent])
    for values in (adam.state[model.three.weight]["exp_avg"], adam.state[model.out.weight]["exp_avg"].T):
        assert torch.equal((values == 0).all(1), silent)
    torch.testing.assert_close(model(x).detach(), y)  # they were silent, and are not heard yet


def test_a_dead_channel_is_silenced_behind_a_flattening() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 9, CLASSES)
    )
    nn.init.constant_(model[0].bias[1:2], -50.0)
    data = [(torch.randn(16, 1, 8, 8), torch.randint(CLASSES, (16,))) for _ in range(3)]
    patient = admit(model, data, nn.CrossEntropyLoss(), steps=3)
    y = patient.model(data[0][0]).detach()
    assert remedies["revive-dead-units"].apply(patient, finding()) == "1 units of 1 layers drawn anew"
    torch.testing.assert_close(patient.model(data[0][0]).detach(), y)
    weight = dict(patient.model.named_parameters())["4.weight"]
    assert not weight[:, 9:18].any()
    assert bool(weight[:, :9].all())


def test_standardised_batches_have_zero_mean_and_unit_deviation() -> None:
    patient = ailing.bytes_in()
    remedies["standardise-input"].apply(patient, finding())
    x = torch.cat([batch[0] for batch in patient.batches])
    torch.testing.assert_close(x.mean(0), torch.zeros(FEATURES), atol=1e-5, rtol=0)
    torch.testing.assert_close(x.std(0), torch.ones(FEATURES), atol=1e-3, rtol=0)


@pytest.mark.parametrize("make", [dict, tuple, list])
def test_batches_keep_their_form(make: type) -> None:
    x, y = torch.randint(0, 256, (32, 3, 8, 8), dtype=torch.uint8), torch.randint(CLASSES, (32,))
    batch = make([("x", x), ("y", y)]) if make is dict else make([x, y])
    patient = Patient(nn.Linear(1, 1), SGD([nn.Parameter(torch.ones(1))], lr=1), lambda *_: x.sum(), [batch])
    remedies["standardise-input"].apply(patient, finding())
    changed = patient.batches[0]
    assert type(changed) is make
    image, labels = (changed["x"], changed["y"]) if make is dict else changed
    assert image.dtype == torch.float32
    assert abs(float(image.mean())) < 1e-5
    assert labels is y


def test_convolutions_get_a_batch_norm_that_is_trained() -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, CLASSES))
    data = [(torch.randn(16, 1, 8, 8), torch.randint(CLASSES, (16,)))]
    patient = admit(model, data, nn.CrossEntropyLoss(), steps=3)
    assert remedies["insert-normalisation"].apply(patient, finding()).startswith("1 BatchNorm2d")
    norm = patient.model.get_submodule("0.1")
    assert isinstance(norm, nn.BatchNorm2d)
    run_trial(patient, steps=3)
    assert not torch.equal(norm.weight, torch.ones(4))
    # What is normalised is not normalised again.
    assert remedies["insert-normalisation"].apply(patient, finding()) == ""


def test_gains_and_attention_start_as_torch_starts_them() -> None:
    """What has no reset of its own stays; a generator is left as it was."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), nn.Linear(8, 4))
    norm, attention = model[0].norm1, model[0].self_attn
    nn.init.constant_(norm.weight, 100.0)
    nn.init.constant_(attention.in_proj_weight, 0.0)
    patient = admit(
        model,
        [(torch.randn(16, 3, 8), torch.zeros(16, dtype=torch.long))],
        lambda net, batch: F.cross_entropy(net(batch[0])[:, 0], batch[1]),
        steps=1,
    )
    state = torch.get_rng_state()
    assert remedies["default-initialisation"].apply(patient, finding())
    assert torch.equal(state, torch.get_rng_state())
    treated_layer = patient.model.get_submodule("0")
    assert torch.equal(treated_layer.norm1.weight, torch.ones(8))
    assert treated_layer.self_attn.in_proj_weight.std() > 0.1


@pytest.mark.parametrize("name", ["acos", "asin", "atanh", "log", "sqrt"])
def test_a_guarded_function_has_a_value_and_a_slope_at_its_end(name: str) -> None:
    end = torch.tensor([1.0, 0.0], requires_grad=True)
    with Guards():
        getattr(torch, name)(end).sum().backward()
    assert end.grad is not None
    assert torch.isfinite(end.grad).all()


def test_a_guarded_logarithm_leads_back_from_below() -> None:
    below = torch.tensor([-2.0], requires_grad=True)
    with Guards():
        torch.log(below).sum().backward()
    assert below.grad is not None
    assert below.grad.item() > 0.1


def test_the_mean_of_nothing_by_a_whole_number_is_nothing() -> None:
    """A sum of words over how many there are, by hand."""
    total, count = torch.zeros(2, 3, requires_grad=True), torch.tensor([[0], [4]])
    with Guards() as guards:
        mean = total / count
        mean.sum().backward()
    assert guards.needed
    assert torch.equal(mean, torch.zeros(2, 3))
    assert total.grad is not None
    assert total.grad.isfinite().all()


@pytest.mark.parametrize("endless", [-torch.inf, torch.full((2, 2), -torch.inf)], ids=["number", "tensor"])
def test_a_mask_times_infinity_masks_nothing_where_it_is_zero(endless: float | Tensor) -> None:
    scores, mask = torch.ones(2, 2, requires_grad=True), torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    with Guards() as guards:
        shares = (scores + mask * endless).softmax(-1)
        shares.square().sum().backward()
    assert guards.needed
    assert torch.equal(shares, 1 - mask)
    assert scores.grad is not None
    assert scores.grad.isfinite().all()


def test_nothing_to_change_is_said_by_an_empty_sentence() -> None:
    patient = admit(he(mlp(nn.GELU, depth=2)), batches(), F.cross_entropy, steps=3)
    for name in ("replace-activation", "leaky-slope", "revive-dead-units", "break-symmetry"):
        assert remedies[name].apply(patient, finding()) == ""
