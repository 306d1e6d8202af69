"""Small networks with one fault each, and one that has them all."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam

from relume.trial import Patient, admit
from relume.types import Evidence, Finding, Problem, Site

FEATURES, CLASSES, BATCH = 8, 4, 64
Batches = list[tuple[Tensor, Tensor]]


def batches(count: int = 30, *, scale: float = 1.0, shift: float = 0.0, seed: int = 0) -> Batches:
    """Four clusters a linear model would tell apart at 90 %."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(CLASSES, FEATURES, generator=generator)
    made = []
    for _ in range(count):
        labels = torch.randint(CLASSES, (BATCH,), generator=generator)
        x = centres[labels] + 0.5 * torch.randn(BATCH, FEATURES, generator=generator)
        made.append((x * scale + shift, labels))
    return made


def mlp(activation: Callable[[], nn.Module], *, depth: int, width: int = 32) -> nn.Sequential:
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for layer in range(depth):
        layers += [nn.Linear(width if layer else FEATURES, width), activation()]
    return nn.Sequential(*layers, nn.Linear(width, CLASSES))


def with_linears(model: nn.Module, change: Callable[[nn.Linear], object]) -> nn.Module:
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, nn.Linear):
                change(layer)
    return model


def patient_of(model: nn.Module, *, rate: float = 0.05, data: Batches | None = None) -> Patient:
    optimizer = SGD(model.parameters(), lr=rate, momentum=0.9)
    return admit(model, data or batches(), nn.CrossEntropyLoss(), optimizer=optimizer, steps=30)


def he(model: nn.Module) -> nn.Module:
    torch.manual_seed(1)

    def draw(layer: nn.Linear) -> None:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)

    return with_linears(model, draw)


def vanishing() -> Patient:
    return patient_of(mlp(nn.Sigmoid, depth=12), rate=0.01)


def vanishing_scale() -> Patient:
    # torch's own initialisation: chi = 1/6
    return patient_of(mlp(nn.ReLU, depth=12), rate=0.01)


def dead(bias: float = -10.0) -> Patient:
    model = he(mlp(nn.ReLU, depth=3))
    nn.init.constant_(model[2].bias, bias)  # type: ignore[index]
    return patient_of(model)


def exploding() -> Patient:
    model = he(mlp(nn.ReLU, depth=8))
    return patient_of(with_linears(model, lambda layer: layer.weight.mul_(3)))


def bytes_in() -> Patient:
    return patient_of(he(mlp(nn.ReLU, depth=3)), data=batches(scale=40.0, shift=128.0))


def symmetric() -> Patient:
    def make_constant(layer: nn.Linear) -> None:
        nn.init.constant_(layer.weight, 0.1)
        nn.init.zeros_(layer.bias)

    return patient_of(with_linears(mlp(nn.ReLU, depth=3), make_constant))


def too_fast() -> Patient:
    return patient_of(he(mlp(nn.ReLU, depth=3)), rate=5.0)


def healthy() -> Patient:
    return patient_of(he(mlp(nn.ReLU, depth=3)))


class Everything(nn.Module):
    """Each remedy finds something to change in it."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = nn.Linear(FEATURES, 16), nn.Linear(16, 16), nn.Linear(16, 16)
        self.state = nn.Parameter(torch.eye(16))
        self.register_buffer("constant", torch.ones(2))
        self.saturating, self.rectifier, self.out = nn.Sigmoid(), nn.ReLU(), nn.Linear(16, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.saturating(self.one(x))
        x.detach().mul(0).sqrt()  # cuts the graph, and a root of 0
        x.round(), x.half()  # a step, and 16 bits
        raised = (0 * x.detach() + 100).exp()
        raised / raised  # of what no number holds
        x = x @ self.state  # as a recurrence applies it
        x = torch.relu(self.two(x))
        return self.out(self.rectifier(self.three(x)))


class Neighbours(nn.Module):
    """What a network says of all that a node is joined with, added up."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, joined: Tensor, x: Tensor) -> Tensor:
        return joined @ self.network(x)


class Steep(nn.Module):
    """A network after hyperbolic tangents that a number drives to their ends."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network((1000 * x).tanh())


def hide(remedy: str, model: Everything, data: Batches) -> None:
    """What its own remedy alone is to find: it would hide the other faults."""
    if remedy == "train-every-layer":
        model.factor = nn.Parameter(torch.zeros(()), requires_grad=False)
    if remedy == "clean-state":
        model.constant[0] = torch.nan
    if remedy == "clean-examples":
        data[1][0][3, 2] = torch.nan


def everything(remedy: str = "") -> Patient:
    """What is wrong with it: all but what hides other faults, which is there for its own remedy alone."""
    torch.manual_seed(0)
    model = Everything()
    nn.init.constant_(model.two.weight, 0.1)
    nn.init.constant_(model.three.bias[:8], -100.0)
    data = batches(3, scale=40.0, shift=128.0)
    rate = {"raise-learning-rate": 1e-4, "choose-activation": 1e-2}.get(remedy, 1.0)
    still = {"params": [model.two.bias], "lr": 0.0}
    others = [parameter for parameter in model.parameters() if parameter is not model.two.bias]
    groups = [{"params": others}, still]
    if remedy == "adaptive-optimiser":
        return admit(model, data, nn.CrossEntropyLoss(), optimizer=SGD(groups, lr=rate), steps=3)
    optimizer = Adam(groups, lr=rate, weight_decay=0.1)
    for x, labels in data:  # so that the optimiser has moments
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), labels).backward()
        with torch.no_grad():
            kept = [parameter.clone() for parameter in model.parameters()]
        optimizer.step()
        with torch.no_grad():
            for parameter, value in zip(model.parameters(), kept, strict=True):
                parameter.copy_(value)
                optimizer.state[parameter]["exp_avg"].add_(0.1)  # as if dead units had died since
    if remedy == "average-neighbours":
        joined = torch.ones(BATCH, BATCH)  # every example is a neighbour of all others
        shared = [(joined, x, labels) for x, labels in data]
        return admit(Neighbours(model), shared, nn.CrossEntropyLoss(), optimizer=optimizer, steps=3)
    if remedy == "linear-output":
        wanted = [(x, 5.0 * nn.functional.one_hot(labels, CLASSES)) for x, labels in data]
        return admit(nn.Sequential(model, nn.Tanh()), wanted, nn.MSELoss(), optimizer=optimizer, steps=3)
    if remedy == "rescale-constant":
        narrow = [(0.01 * (x - 128.0) / 40.0, labels) for x, labels in data]
        steep = Steep(mlp(nn.ReLU, depth=2))
        own = Adam(steep.parameters(), lr=0.01)
        return admit(steep, narrow, nn.CrossEntropyLoss(), optimizer=own, steps=3)
    hide(remedy, model, data)
    return admit(model, data, nn.CrossEntropyLoss(), optimizer=optimizer, steps=3)


def finding(*remedies: str, problem: Problem = "vanishing-gradient") -> Finding:
    evidence = Evidence(quantity="gradient ratio", measured=1e-9, threshold=1e-3, source="a test")
    return Finding(
        problem=problem,
        severity="error",
        sites=(Site(path="1", activation="sigmoid", source="net.py:12"),),
        parameters=("two.weight",),
        evidence=(evidence,),
        cause="made up",
        remedies=remedies,
    )
