"""A repair at the end of a run: the loss is made again from what was recorded; nothing else is changed."""

import copy
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from tests.launch.programs import TRAIN, by_relume
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack

from relume.errors import RelumeError
from relume.launch.rehearsal import MOST_BATCHES, Rehearsal
from relume.launch.tape import loss_of
from relume.probe.begin import watch
from relume.probe.losses import Losses, listening

BATCH = 32
MakeLoss = Callable[[nn.Module, Tensor, Tensor], Tensor]


@dataclass
class Training:
    """A model, what listens to it, and the losses that it came to."""

    model: nn.Module
    rehearsal: Rehearsal
    losses: list[float]


class Keyed(nn.Module):
    """Takes a keyword, gives back a dictionary with a loss in it."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = net()

    def forward(self, x: Tensor, *, labels: Tensor | None = None) -> dict[str, Tensor]:
        logits = self.inner(x)
        return (
            {"logits": logits, "loss": F.cross_entropy(logits, labels)}
            if labels is not None
            else {"y": logits}
        )


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.0), nn.Linear(16, 3))


def train(model: nn.Module, loss_from: MakeLoss, *, steps: int = 4, every: int = 1) -> Training:
    """Train as a script does, while a rehearsal listens."""
    generator = torch.Generator().manual_seed(1)
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    rehearsal, heard, losses = Rehearsal(model, optimizer), Losses(), []
    heard.then = rehearsal.backward
    with watch(model) as watched, listening(heard):
        watched.tell(rehearsal)
        for step in range(steps * every):
            x = torch.randn(BATCH, 4, generator=generator)
            y = x[:, :3].argmax(1)
            loss = loss_from(model, x, y)
            loss.backward()  # type: ignore[no-untyped-call]
            losses.append(loss.item())
            if (step + 1) % every == 0:
                rehearsal.before_step()
                optimizer.step()
                optimizer.zero_grad()
    rehearsal.close()
    return Training(model, rehearsal, losses)


def plain(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return F.cross_entropy(model(x), y)


def smoothed(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1, weight=torch.tensor([1.0, 2.0, 3.0]))
    return criterion(model(x), y) / 2


def regularised(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    logits = model(x)
    penalty = sum(p.square().sum() for p in model.parameters())
    return F.cross_entropy(logits, y) + 1e-3 * penalty


def by_hand(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    logits = model(x)
    logits = logits - logits.logsumexp(-1, keepdim=True)
    logits[:, 0] += 0.0
    return -logits.gather(1, y[:, None]).mean()


def keyed(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    loss: Tensor = model(x, labels=y)["loss"]
    return loss


@pytest.mark.parametrize("loss_from", [plain, smoothed, regularised, by_hand, keyed])
def test_the_loss_is_made_again_to_the_bit(loss_from: MakeLoss) -> None:
    model = Keyed() if loss_from is keyed else net()
    before = copy.deepcopy(model)
    done = train(model, loss_from, steps=1)
    assert done.rehearsal.trouble == ""
    (batch,) = done.rehearsal.batches
    assert float(loss_of(before, batch).detach()) == done.losses[0]


def test_a_loss_made_again_has_the_same_gradient_as_the_scripts_own() -> None:
    model = net()
    before, twin = copy.deepcopy(model), copy.deepcopy(model)
    batch = train(model, plain, steps=1).rehearsal.batches[0]
    loss_of(before, batch).backward()  # type: ignore[no-untyped-call]
    plain(twin, batch[0], batch[1]).backward()  # type: ignore[no-untyped-call]
    for one, two in zip(before.parameters(), twin.parameters(), strict=True):
        assert torch.equal(one.grad, two.grad)  # type: ignore[arg-type]


def test_training_is_the_same_to_the_bit_and_leaves_no_mode_behind() -> None:
    one, two = net(), net()
    train(one, regularised)
    optimizer, generator = SGD(two.parameters(), lr=0.1, momentum=0.9), torch.Generator().manual_seed(1)
    for _ in range(4):
        x = torch.randn(BATCH, 4, generator=generator)
        regularised(two, x, x[:, :3].argmax(1)).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert _get_current_function_mode_stack() == []  # type: ignore[no-untyped-call]


def test_accumulated_batches_are_batches_of_their_own() -> None:
    done = train(net(), plain, steps=2, every=3)
    assert done.rehearsal.trouble == ""
    assert len(done.rehearsal.batches) == 6


def test_no_more_is_kept_than_a_repair_needs() -> None:
    assert len(train(net(), plain, steps=MOST_BATCHES + 5).rehearsal.batches) == MOST_BATCHES


def test_a_model_can_be_copied_and_saved_while_it_is_recorded() -> None:
    def saving(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        loss = plain(model, x, y)
        torch.save(copy.deepcopy(model), io.BytesIO())
        return loss

    done = train(net(), saving)
    assert len(done.rehearsal.batches) == 4
    assert "forward" not in vars(done.model)


def test_a_model_called_twice_for_one_loss_is_left_alone() -> None:
    def twice(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(model(x) + model(-x), y)

    done = train(net(), twice)
    assert _get_current_function_mode_stack() == []  # type: ignore[no-untyped-call]
    with pytest.raises(RelumeError, match="called several times a step"):
        done.rehearsal.repaired()


def test_another_mode_of_the_scripts_stays_in_its_place() -> None:
    class Theirs(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            return func(*args, **(kwargs or {}))

    def under_a_mode(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        with Theirs() as mode:
            loss = plain(model, x, y)
            assert _get_current_function_mode_stack() == [mode]  # type: ignore[no-untyped-call]
        return loss

    done = train(net(), under_a_mode)
    assert done.rehearsal.trouble
    assert _get_current_function_mode_stack() == []  # type: ignore[no-untyped-call]


def test_a_loss_of_something_else_is_told() -> None:
    def of_weights(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        logits = torch.tensor(model(x).tolist(), requires_grad=True)
        return F.cross_entropy(logits, y)

    with pytest.raises(RelumeError, match="not made of its outputs"):
        train(net(), of_weights).rehearsal.repaired()


def test_it_is_tried_on_the_model_as_it_was_before_the_first_step() -> None:
    model = net()
    nn.init.constant_(model[0].bias, -20.0)  # type: ignore[index, arg-type]
    first = train(model, plain, steps=30)
    found = first.rehearsal.repaired()
    assert found.remedies
    assert found.before.losses[0] == pytest.approx(first.losses[0])
    assert found.after.losses[-1] < 0.9 * found.before.losses[-1]


def test_a_run_ends_with_what_is_wrong_and_the_repair_that_is_proved(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(TRAIN.replace("lr=0.1", "lr=30.0") + "train(40)\n")
    ended = by_relume(tmp_path, "run", "broken.py")
    assert ended.status == 0
    lines = ended.err.splitlines()
    assert len(lines) <= 25
    told = next(
        line for line in lines if line.startswith("Repair, proved in 60 steps on the first 30 batches")
    )
    assert "as it is" in told
    assert any(line.startswith("  lower-learning-rate:") for line in lines)


def test_nothing_is_tried_where_nothing_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "sound.py").write_text(TRAIN + "train(40)\n")
    ended = by_relume(tmp_path, "run", "sound.py")
    assert ended.err.startswith("relume: Net, 40 steps")
    assert "epair" not in ended.err


def test_what_cannot_be_kept_does_not_reach_the_script() -> None:
    class Odd(SGD):
        def state_dict(self) -> dict[str, object]:
            raise TypeError("not to be saved")

    model = net()
    optimizer = Odd(model.parameters(), lr=0.1)
    rehearsal = Rehearsal(model, optimizer)
    with watch(model) as watched:
        watched.tell(rehearsal)
        plain(model, torch.randn(BATCH, 4), torch.zeros(BATCH, dtype=torch.long)).backward()  # type: ignore[no-untyped-call]
    rehearsal.close()
    assert _get_current_function_mode_stack() == []  # type: ignore[no-untyped-call]
    with pytest.raises(RelumeError, match="not to be saved"):
        rehearsal.repaired()
