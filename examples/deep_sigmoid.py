r"""Twelve layers of sigmoid that do not learn which of ten clouds a point belongs to.

relume run examples/deep_sigmoid.py
relume run --with activation.sigmoid=relu --with init=variance-preserving --with lr=x0.1 \
    examples/deep_sigmoid.py
relume compare relume-run/deep_sigmoid-1.sqlite relume-run/deep_sigmoid-2.sqlite
"""

import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--steps", type=int, default=300)
parser.add_argument("--depth", type=int, default=12)
arguments = parser.parse_args()

torch.manual_seed(0)
layers: list[nn.Module] = [nn.Linear(20, 64), nn.Sigmoid()]
for _ in range(arguments.depth - 1):
    layers += [nn.Linear(64, 64), nn.Sigmoid()]
model = nn.Sequential(*layers, nn.Linear(64, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

centres = torch.randn(10, 20)
for step in range(arguments.steps):
    labels = torch.randint(10, (128,))
    points = centres[labels] + 0.5 * torch.randn(128, 20)
    loss = nn.functional.cross_entropy(model(points), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        print(f"step {step:4d}  loss {loss.item():.3f}")
