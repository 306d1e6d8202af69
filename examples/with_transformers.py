"""A Trainer of transformers under watch: a small GPT-2 whose learning rate is far too large."""

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments

from relume.integrations.transformers import RelumeCallback

torch.manual_seed(0)
config = GPT2Config(vocab_size=64, n_positions=16, n_embd=32, n_layer=2, n_head=2, loss_type="ForCausalLM")
model = GPT2LMHeadModel(config)
texts = [{"input_ids": text, "labels": text} for text in torch.arange(16) + torch.randint(48, (640, 1))]

watching = RelumeCallback(into="run.sqlite")
arguments = TrainingArguments(
    output_dir="trainer",
    learning_rate=3.0,
    gradient_accumulation_steps=2,
    num_train_epochs=1,
    logging_steps=1,
    report_to="none",
)
trainer = Trainer(model, arguments, train_dataset=texts, callbacks=[watching])
trainer.train()
print(watching.diagnosis)
