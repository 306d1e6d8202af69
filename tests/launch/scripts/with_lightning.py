"""A LightningModule, trained by Lightning's Trainer with gradients of two batches a step; or without end."""

import sys
from typing import Any

import deep
import lightning
import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader


class Classifier(lightning.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.network = deep.network()
        self.seen: list[float] = []

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        return self.network(points)

    def training_step(self, batch: Any) -> torch.Tensor:
        loss = F.cross_entropy(self(batch[0]), batch[1])
        self.seen.append(loss.item())
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


if __name__ == "__main__":
    model = Classifier()
    trainer = lightning.Trainer(
        max_epochs=-1 if "--endless" in sys.argv else 1,
        accumulate_grad_batches=deep.ACCUMULATED,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, DataLoader(deep.data(), batch_size=deep.BATCH))
    pairs = zip(model.seen[::2], model.seen[1::2], strict=True)
    deep.leave(model.network, steps=trainer.global_step, losses=[(one + two) / 2 for one, two in pairs])
