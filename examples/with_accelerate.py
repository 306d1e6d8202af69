"""A loop of one's own under watch, over what accelerate has prepared."""

import torch
from accelerate import Accelerator
from torch import nn

from relume.integrations.accelerate import watching

torch.manual_seed(0)
layers = [layer for _ in range(8) for layer in (nn.Linear(16, 16), nn.Sigmoid())]
model = nn.Sequential(*layers, nn.Linear(16, 4))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = torch.utils.data.DataLoader(torch.randn(12800, 16), batch_size=64)
accelerator, losses = Accelerator(gradient_accumulation_steps=2), []
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)

with watching(accelerator, model, into="run.sqlite") as training:
    for x in loader:
        with accelerator.accumulate(model):
            losses.append(nn.functional.cross_entropy(model(x), x[:, :4].argmax(1)))
            accelerator.backward(losses[-1])
            optimizer.step()
            optimizer.zero_grad()
print(training.diagnosis)
