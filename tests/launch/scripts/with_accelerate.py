"""A loop of one's own over what accelerate has prepared, with gradients of two batches a step."""

import deep
import torch
from accelerate import Accelerator
from torch.nn import functional as F
from torch.utils.data import DataLoader

if __name__ == "__main__":
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=deep.ACCUMULATED)
    plain = deep.network()
    model, optimizer, loader = accelerator.prepare(
        plain, torch.optim.SGD(plain.parameters(), lr=0.1), DataLoader(deep.data(), batch_size=deep.BATCH)
    )
    seen, steps = [], 0
    for points, labels in loader:
        with accelerator.accumulate(model):
            loss = F.cross_entropy(model(points), labels)
            accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
        seen.append(loss.item())
        steps += accelerator.sync_gradients
    pairs = zip(seen[::2], seen[1::2], strict=True)
    deep.leave(plain, steps=steps, losses=[(one + two) / 2 for one, two in pairs])
