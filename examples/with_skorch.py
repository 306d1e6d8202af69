"""A classifier of skorch under watch: eight layers of sigmoid that do not learn."""

import torch
from skorch import NeuralNetClassifier
from torch import nn

from relume.integrations.skorch import RelumeCallback

torch.manual_seed(0)
layers = [layer for _ in range(8) for layer in (nn.Linear(16, 16), nn.Sigmoid())]
net = NeuralNetClassifier(
    nn.Sequential(*layers, nn.Linear(16, 4)),
    criterion=nn.CrossEntropyLoss,
    max_epochs=2,
    lr=0.1,
    batch_size=64,
    train_split=None,
    verbose=0,
    callbacks=[("relume", RelumeCallback(into="run.sqlite"))],
)
x = torch.randn(6400, 16)
net.fit(x, x[:, :4].argmax(1))
print(dict(net.callbacks_)["relume"].diagnosis)
