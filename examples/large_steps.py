"""A ReLU network whose steps are so large that its loss runs away: half of a page, one number wrong.

relume run examples/large_steps.py
relume run --with lr=x0.01 examples/large_steps.py
"""

import torch
from torch import nn
from torch.nn import functional as F


class Network(nn.Module):
    """Three layers of ReLU, called as a function."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = nn.Linear(20, 64), nn.Linear(64, 64), nn.Linear(64, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From [batch, 20] to [batch]."""
        x = F.relu(self.one(x))
        x = F.relu(self.two(x))
        return self.three(x).squeeze(1)


torch.manual_seed(0)
model = Network()
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)

for step in range(200):
    x = torch.randn(128, 20)
    loss = F.mse_loss(model(x), 3 + x[:, 0] * x[:, 1])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        print(f"step {step:4d}  loss {loss.item():.3f}")
