"""A generator and a discriminator: two models, two optimisers, and so two run files.

relume run examples/two_networks.py
"""

import torch
from torch import nn


class Generator(nn.Sequential):
    """From noise to points of the plane."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))


class Discriminator(nn.Sequential):
    """From a point to how real it looks."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))


torch.manual_seed(0)
generator, discriminator = Generator(), Discriminator()
of_generator = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
of_discriminator = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
judge = nn.BCEWithLogitsLoss()
real, fake = torch.ones(64, 1), torch.zeros(64, 1)

for step in range(200):
    angles = 2 * torch.pi * torch.rand(64)
    circle = torch.stack([angles.cos(), angles.sin()], dim=1)
    made = generator(torch.randn(64, 8))

    loss = judge(discriminator(circle), real) + judge(discriminator(made.detach()), fake)
    of_discriminator.zero_grad()
    loss.backward()
    of_discriminator.step()

    deceived = judge(discriminator(made), real)
    of_generator.zero_grad()
    deceived.backward()
    of_generator.step()
    if step % 50 == 0:
        print(f"step {step:4d}  discriminator {loss.item():.3f}  generator {deceived.item():.3f}")
