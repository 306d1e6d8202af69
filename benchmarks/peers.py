"""Other ways of watching a training, as their documentation shows them; each measures at every step.

pip install -c constraints.txt -r benchmarks/requirements.txt
"""

import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from pairs import Look, Training, Variant, nothing
from torch import Tensor, nn


def _numbers(x: Tensor) -> tuple[float, ...]:
    zeros = (x == 0).float().mean().item()
    return x.mean().item(), x.var().item(), zeros, x.abs().max().item()


def _hook_activations(training: Training, see: Callable[[str, Tensor], None]) -> None:
    for name, module in training.model.named_modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(lambda _m, _x, y, name=name: see(name, y))


@contextmanager
def plain_hook(training: Training) -> Iterator[Look]:
    """What people write by hand."""
    kept: dict[str, tuple[float, ...]] = {}
    _hook_activations(training, lambda name, y: kept.update({name: _numbers(y.detach())}))
    yield nothing


@contextmanager
def plain_hook_with_gradients(training: Training) -> Iterator[Look]:
    """The same for the gradients that arrive there."""
    kept: dict[str, tuple[float, ...]] = {}

    def see(name: str, y: Tensor) -> None:
        kept[name] = _numbers(y.detach())
        y.register_hook(lambda gradient: kept.update({f"{name} gradient": _numbers(gradient)}))  # type: ignore[no-untyped-call]

    _hook_activations(training, see)
    yield nothing


@contextmanager
def wandb_watch(training: Training) -> Iterator[Look]:
    """Histograms of weights and gradients, offline."""
    import wandb

    with tempfile.TemporaryDirectory() as folder:
        settings = wandb.Settings(silent=True, console="off", x_disable_stats=True)
        run = wandb.init(mode="offline", dir=folder, settings=settings)
        run.watch(training.model, log="all", log_freq=1)
        yield lambda: run.log({"step": training.steps})
        run.finish()


@contextmanager
def tensorboard_histograms(training: Training) -> Iterator[Look]:
    """Histograms of weights, gradients and activations."""
    from torch.utils.tensorboard import SummaryWriter

    seen: dict[str, Tensor] = {}
    _hook_activations(training, lambda name, y: seen.update({name: y.detach()}))
    with tempfile.TemporaryDirectory() as folder, SummaryWriter(folder) as writer:

        def look() -> None:
            for name, parameter in training.model.named_parameters():
                writer.add_histogram(name, parameter, training.steps)
                writer.add_histogram(f"{name}.grad", parameter.grad, training.steps)
            for name, y in seen.items():
                writer.add_histogram(f"{name}.out", y, training.steps)

        yield look


@contextmanager
def torchdiag_checks(training: Training) -> Iterator[Look]:
    """Its checks of gradients and of dead units; they print, here into nothing."""
    import torchdiag

    with Path(os.devnull).open("w") as nowhere:

        def look() -> None:
            with redirect_stdout(nowhere):
                torchdiag.check_gradients(training.model)
                torchdiag.check_dead_neurons(training.model, training.x)

        yield look


@contextmanager
def delve_tracker(training: Training) -> Iterator[Look]:
    """Covariances of every layer's outputs."""
    from delve import SaturationTracker

    logging.getLogger("delve.logger").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        device = str(training.x.device)
        SaturationTracker(f"{folder}/run", save_to="csv", modules=training.model, device=device)
        yield nothing


PEERS = (
    Variant(".item() hooks", plain_hook),
    Variant(".item() hooks, gradients too", plain_hook_with_gradients),
    Variant("wandb.watch, log='all'", wandb_watch, needs=("wandb",)),
    Variant("TensorBoard histograms", tensorboard_histograms, needs=("tensorboard",)),
    Variant("torchdiag", torchdiag_checks, needs=("torchdiag",)),
    Variant("delve", delve_tracker, needs=("delve",)),
)
