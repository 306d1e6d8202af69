"""Begins to watch a model: what is decided once, before the first step."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from torch import nn
from torch.optim import Optimizer

from relume.errors import WatchError
from relume.probe.modules import inner_of
from relume.probe.parameters import PARAMETER_SHARE
from relume.probe.slots import Slots
from relume.probe.watch import Watch
from relume.runfile.writer import open_for_writing

WINDOW_STEPS = 50  # watched steps a window has, if nothing else is said


def watch(  # noqa: PLR0913 - each says one thing of the watch, and has a default
    model: nn.Module,
    *,
    every: int = 1,
    optimizer: Optimizer | Iterable[Optimizer] | None = None,
    into: Path | str | None = None,
    window: int = WINDOW_STEPS,
    unit_axis: Mapping[str, int] | None = None,
    passed_derivative: bool = False,
    parameter_share: float = PARAMETER_SHARE,
) -> Watch:
    """Watch a model from now on, until the watch is closed.

    Parameters
    ----------
    model
        Any module, also one that is compiled, or wrapped for distributed training.
    every
        Watch one of so many steps.
    optimizer
        The optimisers whose steps are counted; without one, every optimiser that updates a parameter of the
        model.
    into
        Write every closed window to this run file; `relume.open` reads it, also while training goes on.
    window
        Close a window after so many watched steps.
    unit_axis
        By site path (or a pattern: "encoder.*"), the axis along which the units lie, where it is not the one
        that the layer before suggests: the channels after a convolution, the features after a linear layer.
    passed_derivative
        Also measure the gradient behind each activation, and so the derivative it passed; not in compiled
        code.
    parameter_share
        The share of the parameters, by bytes, that is measured at a step; 1 measures all at every step.

    Returns
    -------
    Watch
        A context manager; `readings()` tells what was seen.

    Raises
    ------
    WatchError
        If `every` or `window` is not positive, the model is watched already or has no Python to watch.
    RunFileError
        If the run file cannot be written.

    Examples
    --------
    >>> import torch, relume
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> with relume.watch(model) as watch:
    ...     model(torch.ones(16, 4)).square().mean().backward()
    ...     optimizer.step()
    >>> reading = watch.readings()["1"]
    >>> reading.examples, reading.site.activation, reading.site.fed_by
    (16, 'relu', '0')
    """
    for name, value in (("every", every), ("window", window)):
        if value < 1:
            raise WatchError(f"{name} is {value}: it counts steps. Give 1 or more.")
    return Watch(
        inner_of(model),
        every=every,
        window=window,
        optimizers=[optimizer] if isinstance(optimizer, Optimizer) else optimizer,
        parameter_share=parameter_share,
        slots=Slots(unit_axis or {}, every=every, passes_derivatives=passed_derivative),
        writer=None if into is None else open_for_writing(into, model=type(inner_of(model)).__name__),
    )
