"""A model trained by the Trainer of transformers, with gradients of two batches a step."""

from typing import Any

import deep
import torch
from torch import nn
from torch.nn import functional as F
from transformers import Trainer, TrainingArguments


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.network = deep.network()

    def forward(self, points: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        logits = self.network(points)
        return {"loss": F.cross_entropy(logits, labels), "logits": logits}


def collated(rows: list[Any]) -> dict[str, torch.Tensor]:
    points, labels = zip(*rows, strict=True)
    return {"points": torch.stack(points), "labels": torch.stack(labels)}


if __name__ == "__main__":
    model = Classifier()
    arguments = TrainingArguments(
        output_dir="trainer",
        max_steps=deep.STEPS,
        per_device_train_batch_size=deep.BATCH,
        gradient_accumulation_steps=deep.ACCUMULATED,
        learning_rate=1e-2,
        max_grad_norm=0.0,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
    )
    trainer = Trainer(model=model, args=arguments, train_dataset=deep.data(), data_collator=collated)
    trainer.train()
    losses = [float(row["loss"]) for row in trainer.state.log_history if "loss" in row]
    deep.leave(model.network, steps=trainer.state.global_step, losses=losses)
