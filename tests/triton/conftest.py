"""Without a GPU the kernel runs in Triton's interpreter, to be chosen before triton is imported."""

import os

import torch

collect_ignore = ["compiled.py"]  # it is run, in a process of its own; importing it needs triton

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")
