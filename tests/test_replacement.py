"""`replace` swaps the activations that it was told to and nothing else."""

import copy
import functools
import inspect
import re
import warnings

import pytest
import torch
from torch import Tensor, nn, sigmoid
from torch.nn import functional as F

import relume
from relume import activations
from relume.catalogue.activation import ClosedForm
from relume.errors import ReplacementError, UnknownNameError, UnreachedCallWarning
from relume.replacement import replace


class Net(nn.Module):
    """Activations in every place a module can have."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.act = nn.Sigmoid()
        self.again = self.act
        self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(4, 4), nn.Sigmoid()) for _ in range(2)])
        self.named = nn.ModuleDict({"out": nn.Linear(4, 4), "end": nn.Tanh()})

    def forward(self, x: Tensor) -> Tensor:
        x = self.again(self.act(self.first(x)))
        for block in self.blocks:
            x = block(x)
        return self.named["end"](self.named["out"](x))


class Functional(nn.Module):
    """Calls functions where modules could stand."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.act = nn.Sigmoid()
        self.sigmoid = nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.linear(x))
        x = F.sigmoid(x)  # line F
        x = torch.sigmoid(x)  # line torch
        x = sigmoid(x)  # line bare
        x = (x + 1).sigmoid_()  # line method
        x = self.sigmoid(x)
        if x.numel() > 1_000_000:
            x = torch.special.expit(x)  # line rare
        return x.cos().clamp(min=0)  # line clamp


def line_of(comment: str, of: type = Functional) -> str:
    lines, first = inspect.getsourcelines(of)
    return str(first + next(i for i, line in enumerate(lines) if line.endswith(f"# line {comment}\n")))


def told(warned: list[warnings.WarningMessage]) -> set[str]:
    found = [re.search(r"test_replacement\.py:(\d+)", str(w.message)) for w in warned]
    return {match[1] for match in found if match}


def test_everywhere() -> None:
    net = Net()
    new = relume.replace(net, {"sigmoid": "relu"})
    assert isinstance(new, Net)
    kinds = [type(m) for m in new.modules()]
    assert nn.Sigmoid not in kinds
    assert kinds.count(nn.ReLU) == 3
    assert kinds.count(nn.Tanh) == 1
    x = torch.randn(5, 4)
    expected = net.first(x).relu().relu()
    for block in net.blocks:
        expected = block[0](expected).relu()
    assert torch.equal(new(x), net.named["out"](expected).tanh())


def test_the_callers_model_is_left_alone() -> None:
    net = Net()
    before, weights = repr(net), copy.deepcopy(net.state_dict())
    new = replace(net, {"sigmoid": "relu"})
    assert repr(net) == before
    assert all(torch.equal(weights[k], v) for k, v in net.state_dict().items())
    assert all(torch.equal(weights[k], v) for k, v in new.state_dict().items())
    assert not {id(p) for p in net.parameters()} & {id(p) for p in new.parameters()}


def test_order_and_names_stay() -> None:
    net = Net()
    new = replace(net, {"sigmoid": "silu", "tanh": "relu"})
    assert [name for name, _ in new.named_modules()] == [name for name, _ in net.named_modules()]


def test_a_shared_module_stays_shared() -> None:
    new = replace(Net(), {"sigmoid": "prelu"})
    assert new.act is new.again
    assert new.act is not new.blocks[0][1]


def test_two_swaps_do_not_chain() -> None:
    new = replace(nn.Sequential(nn.Sigmoid(), nn.ReLU()), {"sigmoid": "relu", "relu": "tanh"})
    assert [type(m) for m in new] == [nn.ReLU, nn.Tanh]


def test_the_model_itself_is_the_activation() -> None:
    assert isinstance(replace(nn.Sigmoid(), {"sigmoid": "relu"}), nn.ReLU)


def test_closed_forms_both_ways() -> None:
    new = replace(nn.Sequential(nn.Sigmoid()), {"sigmoid": "isru"})
    assert isinstance(new[0], ClosedForm)
    assert isinstance(replace(new, {"isru": "sigmoid"})[0], nn.Sigmoid)


def test_an_activation_in_place_of_a_name() -> None:
    assert isinstance(replace(nn.Tanh(), {"tanh": activations["elu"]}), nn.ELU)


def test_any_slope_is_a_leaky_relu() -> None:
    assert isinstance(replace(nn.LeakyReLU(0.3), {"leaky_relu": "relu"}), nn.ReLU)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_learnable_parameters_are_where_the_weights_are(dtype: torch.dtype) -> None:
    model = nn.Sequential(nn.Linear(3, 3, dtype=dtype), nn.Sigmoid()).eval()
    new = replace(model, {"sigmoid": "swish"})
    assert new[1].beta.dtype == dtype
    assert new[1].beta.requires_grad
    assert not new[1].training
    assert new(torch.randn(2, 3, dtype=dtype)).dtype == dtype


def test_the_nearest_weight_decides_the_device() -> None:
    model = nn.Sequential(
        nn.Linear(3, 3), nn.Sigmoid(), nn.Linear(3, 3, device="meta", dtype=torch.float64), nn.Sigmoid()
    )
    new = replace(model, {"sigmoid": "prelu"})
    assert (new[1].weight.device.type, new[1].weight.dtype) == ("cpu", torch.float32)
    assert (new[3].weight.device.type, new[3].weight.dtype) == ("meta", torch.float64)


def test_modes_stay_module_by_module() -> None:
    model = nn.Sequential(nn.Sigmoid(), nn.Sigmoid())
    model[1].eval()
    assert [m.training for m in replace(model, {"sigmoid": "relu"})] == [True, False]


def test_hooks_stay() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Sigmoid())
    seen: list[str] = []
    act = model[1]
    act.register_forward_pre_hook(lambda m, args: seen.append("before"))
    act.register_forward_hook(lambda m, args, kwargs, y: seen.append("after"), with_kwargs=True)
    act.register_full_backward_hook(lambda m, gx, gy: seen.append("backward"))
    replace(model, {"sigmoid": "relu"})(torch.randn(2, 3)).sum().backward()
    assert seen == ["before", "after", "backward"]


def test_frozen_and_tied_weights_stay() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Sigmoid(), nn.Linear(3, 3))
    model[2].weight = model[0].weight
    model[0].bias.requires_grad_(False)
    new = replace(model, {"sigmoid": "relu"})
    assert new[2].weight is new[0].weight
    assert not new[0].bias.requires_grad


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "old",
    ["relu", "gelu", F.relu, nn.ReLU(), nn.GELU()],
    ids=["word", "gelu", "F.relu", "nn.ReLU", "nn.GELU"],
)
@pytest.mark.parametrize("new_name", ["relu", "gelu", "tanh"])
def test_transformer_layer(old: object, new_name: str, training: bool) -> None:
    old_name = "gelu" if "gelu" in str(old).lower() else "relu"
    model = nn.TransformerEncoderLayer(8, 2, 16, activation=old, dropout=0.0, batch_first=True).train(
        training
    )
    new = replace(model, {old_name: new_name})
    by_hand = copy.deepcopy(model)
    by_hand.train()  # no fast path
    del by_hand.activation
    by_hand.activation = {"relu": F.relu, "gelu": F.gelu, "tanh": torch.tanh}[new_name]
    x = torch.randn(2, 5, 8)
    with torch.no_grad():  # in evaluation a fused kernel would compute the old activation
        torch.testing.assert_close(new(x), by_hand(x))


def test_a_whole_transformer() -> None:
    model = nn.Transformer(8, 2, 1, 1, 16, activation="gelu", batch_first=True)
    new = replace(model, {"gelu": "relu"})
    assert isinstance(new.encoder.layers[0].activation, nn.ReLU)
    assert isinstance(new.decoder.layers[0].activation, nn.ReLU)


def test_a_partly_applied_function_held_as_an_attribute() -> None:
    model = nn.Sequential(nn.Linear(2, 2))
    model.act = functools.partial(F.leaky_relu, negative_slope=0.2)
    assert isinstance(replace(model, {"leaky_relu": "relu"}).act, nn.ReLU)


def test_calls_are_told_from_the_source() -> None:
    with pytest.warns(UnreachedCallWarning) as warned:
        replace(Functional(), {"sigmoid": "relu"})
    assert told(warned) == {line_of(word) for word in ("F", "torch", "bare", "method", "rare")}
    assert str(warned[0].message) == (
        f"functional sigmoid call was not replaced: test_replacement.py:{line_of('F')}. "
        "Write relu there, or use nn.Sigmoid."
    )
    assert warned[0].filename == __file__


def test_calls_are_told_from_a_run() -> None:
    model, x = Functional(), torch.randn(2, 4)
    state = torch.get_rng_state()
    with pytest.warns(UnreachedCallWarning) as warned:
        replace(model, {"sigmoid": "relu"}, example=x)
    assert told(warned) == {line_of(word) for word in ("F", "torch", "bare", "method")}
    assert torch.equal(torch.get_rng_state(), state)


def test_a_run_sees_through_functions_and_leaves_no_trace() -> None:
    class Indirect(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm1d(4)
            self.act = nn.ReLU()

        def forward(self, x: Tensor, scale: float) -> Tensor:
            return twice(self.act(self.norm(x))) * scale

    def twice(x: Tensor) -> Tensor:
        return torch.relu(x)

    model = Indirect()
    with pytest.warns(UnreachedCallWarning, match="functional relu call was not replaced") as warned:
        new = replace(model, {"relu": "tanh"}, example=(torch.randn(3, 4), 2.0))
    assert len(warned) == 1
    assert new.norm.num_batches_tracked == 0
    assert new.training


def test_new_modules_are_not_taken_for_calls() -> None:
    model = nn.Sequential(nn.Sigmoid(), nn.ReLU())
    replace(model, {"sigmoid": "relu", "relu": "isru"}, example=torch.randn(3))


def test_clamp_is_told_as_a_relu() -> None:
    model = nn.Sequential(Functional(), nn.ReLU())
    with pytest.warns(UnreachedCallWarning, match=line_of("clamp")):
        replace(model, {"relu": "tanh"})


def test_recurrent_layers_are_told() -> None:
    model = nn.ModuleDict(
        {"rnn": nn.RNN(2, 2), "gru": nn.GRU(2, 2), "act": nn.Tanh(), "gelu": nn.GELU("tanh")}
    )
    with pytest.warns(UnreachedCallWarning) as warned:
        replace(model, {"tanh": "relu"})
    assert [str(w.message) for w in warned] == [
        "nonlinearity='tanh' of a module was not replaced: rnn (RNN). Build it with relu, if it takes that.",
        "tanh inside a recurrent kernel was not replaced: gru (GRU). It cannot be.",
    ]


def test_a_class_without_source_is_told() -> None:
    namespace: dict[str, type] = {}
    exec("from torch import nn\nclass Hidden(nn.Sequential): pass", {"__name__": __name__}, namespace)
    with pytest.warns(UnreachedCallWarning, match=r"cannot be read.*Hidden\. Pass an example input"):
        replace(namespace["Hidden"](nn.Tanh()), {"tanh": "relu"})


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown activation 'sigmod'\. Did you mean 'sigmoid'\?"):
        replace(Net(), {"sigmod": "relu"})
    with pytest.raises(UnknownNameError, match=r"unknown activation 'rleu'\. Did you mean 'relu'\?"):
        replace(Net(), {"sigmoid": "rleu"})


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"sigmoid": "glu"}, r"^glu halves the number of units: sigmoid to glu\. Choose two elementwise"),
        ({"sigmoid": "crelu"}, r"^crelu doubles the number of units: sigmoid to crelu\."),
        ({"swiglu": "relu"}, r"^swiglu halves the number of units: swiglu to relu\."),
    ],
)
def test_other_forms_are_refused(mapping: dict[str, str], message: str) -> None:
    with pytest.raises(ReplacementError, match=message):
        replace(Net(), mapping)


def test_nothing_to_replace() -> None:
    with pytest.raises(ReplacementError, match=r"^no elu to replace in this model\. It has sigmoid, tanh\.$"):
        replace(Net(), {"elu": "relu"})
    with pytest.raises(
        ReplacementError,
        match=r"^no elu and no selu to replace .* It has no activation that can be",
    ):
        replace(nn.Linear(2, 2), {"elu": "relu", "selu": "relu"})


def test_only_calls_to_replace() -> None:
    class Calls(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.relu(x)

    with pytest.raises(
        ReplacementError,
        match=r"no relu to replace.*relu call was not replaced.*Write tanh there",
    ):
        replace(Calls(), {"relu": "tanh"})


def test_an_example_that_does_not_fit() -> None:
    with pytest.raises(ReplacementError, match=r"the model does not run on the example: .*shapes"):
        replace(Net(), {"sigmoid": "relu"}, example=torch.randn(2, 3))


def test_a_model_that_cannot_be_copied() -> None:
    model = nn.Sequential(nn.Tanh())
    model.state = torch.ones(2, requires_grad=True) * 2
    with pytest.raises(ReplacementError, match=r"the model cannot be copied: .* Make copy.deepcopy"):
        replace(model, {"tanh": "relu"})
