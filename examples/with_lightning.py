"""A Trainer of Lightning under watch; what is seen goes to its own logger too."""

import lightning
import torch

from relume.integrations.lightning import RelumeCallback


class Classifier(lightning.LightningModule):
    def configure_model(self):
        layers = [layer for _ in range(8) for layer in (torch.nn.Linear(16, 16), torch.nn.Sigmoid())]
        self.network = torch.nn.Sequential(*layers, torch.nn.Linear(16, 4))

    def training_step(self, batch):
        return torch.nn.functional.cross_entropy(self.network(batch), batch[:, :4].argmax(1))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


lightning.seed_everything(0)
watching = RelumeCallback(into="run.sqlite", to="lightning")
trainer = lightning.Trainer(max_epochs=1, callbacks=[watching], enable_progress_bar=False)
trainer.fit(Classifier(), torch.utils.data.DataLoader(torch.randn(12800, 16), batch_size=64))
print(watching.diagnosis)
