"""A rank of a distributed run: each takes every other batch."""

import deep
import torch
from torch import distributed
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler

if __name__ == "__main__":
    distributed.init_process_group("gloo")
    plain = deep.network()
    model = DistributedDataParallel(plain)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    data = deep.data()
    sampler: DistributedSampler[object] = DistributedSampler(data, shuffle=False)
    losses = []
    for points, labels in DataLoader(data, batch_size=deep.BATCH, sampler=sampler):
        loss = F.cross_entropy(model(points), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        distributed.all_reduce(loss.detach(), op=distributed.ReduceOp.SUM)
        losses.append(loss.item() / distributed.get_world_size())
    if distributed.get_rank() == 0:
        deep.leave(plain, steps=len(losses), losses=losses)
    distributed.destroy_process_group()
