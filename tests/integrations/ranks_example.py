"""Started by the tests: `torchrun -m tests.integrations.ranks_example FRAMEWORK` trains on two ranks, twice.

First with the callback, then without it; the weights must be the same to the bit on every rank. Keras has no
ranks on torch; skorch's own AccelerateMixin refuses a loss without parameters where there are several.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import distributed, nn

STEPS, BATCH, RANKS = 60, 16, 2
Trained = tuple[nn.Module, Any]  # and its diagnosis
OPTIONS: Mapping[str, Any] = {"into": "run.sqlite", "to": "tensorboard", "target": "runs"}


def network() -> nn.Sequential:
    torch.manual_seed(0)
    layers = [layer for _ in range(12) for layer in (nn.Linear(16, 16), nn.Sigmoid())]
    return nn.Sequential(*layers, nn.Linear(16, 4))


def points() -> tuple[torch.Tensor, torch.Tensor]:
    found = torch.randn(STEPS * BATCH * RANKS, 16, generator=torch.Generator().manual_seed(1))
    return found, found[:, :4].argmax(1)


def lightning(*, is_watched: bool) -> Trained:
    import lightning

    from relume.integrations.lightning import RelumeCallback

    class Classifier(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = network()

        def training_step(self, batch: Any) -> torch.Tensor:
            return nn.functional.cross_entropy(self.network(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    callback, model = RelumeCallback(**OPTIONS), Classifier()
    trainer = lightning.Trainer(
        max_epochs=1,
        accelerator="cpu",
        strategy="ddp",
        devices=RANKS,
        callbacks=[callback] if is_watched else [],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    data = torch.utils.data.TensorDataset(*points())
    trainer.fit(model, torch.utils.data.DataLoader(data, batch_size=BATCH))
    return model.network, callback.diagnosis


def transformers(*, is_watched: bool) -> Trained:
    from transformers import Trainer, TrainingArguments

    from relume.integrations.transformers import RelumeCallback

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network()

        def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
            logits = self.network(x)
            return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}

    callback, model = RelumeCallback(**OPTIONS), Classifier()
    arguments = TrainingArguments(
        output_dir="trainer",
        max_steps=STEPS,
        per_device_train_batch_size=BATCH,
        learning_rate=1e-3,
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
    )
    rows = [{"x": x, "labels": label} for x, label in zip(*points(), strict=True)]
    callbacks: list[Any] = [callback] if is_watched else []
    Trainer(model, arguments, train_dataset=rows, callbacks=callbacks).train()  # type: ignore[arg-type]
    return model.network, callback.diagnosis


def accelerate(*, is_watched: bool) -> Trained:
    from contextlib import nullcontext

    from accelerate import Accelerator

    from relume.integrations.accelerate import watching

    accelerator, plain = Accelerator(cpu=True), network()
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*points()), batch_size=BATCH)
    model, optimizer, loader = accelerator.prepare(plain, torch.optim.SGD(plain.parameters(), lr=0.1), data)
    training: Any = watching(accelerator, model, **OPTIONS)
    with training if is_watched else nullcontext():
        for x, label in loader:
            accelerator.backward(nn.functional.cross_entropy(model(x), label))
            optimizer.step()
            optimizer.zero_grad()
    return plain, training.diagnosis


FRAMEWORKS: Mapping[str, Callable[..., Trained]] = {
    "lightning": lightning,
    "transformers": transformers,
    "accelerate": accelerate,
}


def main(name: str) -> None:
    watched, diagnosis = FRAMEWORKS[name](is_watched=True)
    rank = distributed.get_rank()
    weights = {key: value.detach().clone() for key, value in watched.state_dict().items()}
    plain = Path(f"plain{rank}")
    plain.mkdir()
    os.chdir(plain)
    unwatched, _ = FRAMEWORKS[name](is_watched=False)
    state = unwatched.state_dict()
    told = {
        "ranks": distributed.get_world_size(),
        "same": weights.keys() == state.keys()
        and all(torch.equal(weights[key], state[key]) for key in state),
        "began": all(
            torch.equal(one, two)
            for one, two in zip(weights.values(), network().state_dict().values(), strict=True)
        ),
        "steps": diagnosis.steps,
        "examples": diagnosis.examples,
        "diagnosis": str(diagnosis),
        "written": sorted(str(path) for path in Path().rglob("*.sqlite")),
    }
    (Path("..") / f"told{rank}.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
