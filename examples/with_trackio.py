"""What relume sees, in trackio: TRACKIO_DIR=runs trackio show --project relume."""

import torch
from torch import nn

import relume
from relume.integrations.export import exporting

torch.manual_seed(0)
layers = [layer for _ in range(8) for layer in (nn.Linear(16, 16), nn.Sigmoid())]
model = nn.Sequential(*layers, nn.Linear(16, 4))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

with relume.watch(model, into="run.sqlite") as watch, exporting(watch, "trackio", "runs"):
    for _ in range(200):
        x = torch.randn(64, 16)
        loss = nn.functional.cross_entropy(model(x), x[:, :4].argmax(1))
        watch.loss(loss)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
print(watch.diagnose())
