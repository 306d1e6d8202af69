"""Started by the tests: `python -m tests.integrations.framework_example FRAMEWORK` runs its example twice.

First as it is; then with what watches put out of action, and the weights must be the same to the bit.
"""

import importlib
import json
import os
import runpy
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch

EXAMPLES = Path(__file__).parents[2] / "examples"
Globals = Mapping[str, Any]


def main(name: str) -> None:
    script = str(EXAMPLES / f"with_{name}.py")
    watched = runpy.run_path(script)
    weights = _state(MODELS[name](watched))
    Path("told.json").write_text(json.dumps(TOLD[name](watched)), encoding="utf-8")
    module = importlib.import_module(f"relume.integrations.{name}")
    put_out_of_action(module)
    os.chdir("plain")
    plain = _state(MODELS[name](runpy.run_path(script)))
    assert weights.keys() == plain.keys()
    assert all(torch.equal(weights[key], plain[key]) for key in weights)
    assert not Path("run.sqlite").exists()


def put_out_of_action(module: Any) -> None:
    """Leave a callback of the framework's own that does nothing; of accelerate, an empty block."""
    if hasattr(module, "watching"):
        module.watching = lambda *args, **kwargs: nullcontext(_Nothing())
        return
    callback = module.RelumeCallback.__mro__[1]
    module.RelumeCallback = type(
        "Idle", (callback,), {"diagnosis": None, "__init__": lambda self, **_: callback.__init__(self)}
    )


class _Nothing:
    diagnosis = None


def _state(model: Any) -> dict[str, torch.Tensor]:
    if isinstance(model, dict):  # of Keras
        return model
    return {key: value.detach().clone() for key, value in model.state_dict().items()}


def _means(losses: list[float]) -> list[float]:
    return [(one + two) / 2 for one, two in zip(losses[::2], losses[1::2], strict=True)]


MODELS: Mapping[str, Callable[[Globals], Any]] = {
    "lightning": lambda names: names["trainer"].model,
    "transformers": lambda names: names["model"],
    "accelerate": lambda names: names["model"],
    # By number: the second model of a process has another name, and so have its variables.
    "keras": lambda names: {
        str(place): each.value.detach().clone() for place, each in enumerate(names["model"].variables)
    },
    "skorch": lambda names: names["net"].module_,
}
# How many steps the framework counts, and its own losses.
TOLD: Mapping[str, Callable[[Globals], dict[str, Any]]] = {
    "lightning": lambda names: {"steps": names["trainer"].global_step},
    "transformers": lambda names: {
        "steps": names["trainer"].state.global_step,
        "losses": [float(row["loss"]) for row in names["trainer"].state.log_history if "loss" in row],
    },
    "accelerate": lambda names: {"steps": 100, "losses": _means([x.item() for x in names["losses"]])},
    "keras": lambda names: {
        "steps": int(names["model"].optimizer.iterations),
        "epochs": names["history"].history["loss"],
    },
    "skorch": lambda names: {
        "losses": [row for epoch in names["net"].history[:, "batches", :, "train_loss"] for row in epoch]
    },
}

if __name__ == "__main__":
    main(sys.argv[1])
