"""Compile the kernel for GPUs that need not be here, as the launcher would call it; print what came of it.

The interpreter accepts what the compiler refuses, so this is run without it, in a process of its own.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import triton as compiler
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from relume.kernels import triton
from relume.kernels.contract import new_accumulators, new_alarm

POINTERS = {
    torch.float64: "*fp64",
    torch.float32: "*fp32",
    torch.bfloat16: "*bf16",
    torch.float16: "*fp16",
    torch.int64: "*i64",
}
LAYOUTS = {
    "rows": ((1024, 4096, 1), (4096, 1, 0)),
    "images": ((128, 64, 3136), (200704, 3136, 1)),
    "pooled": ((10_000_000, 1, 1), (1, 0, 0)),
    "ragged": ((99, 33, 49), (1617, 49, 1)),
    "huge": ((3_000_000_000, 1, 1), (1, 0, 0)),
}


class Recorder:
    """In the place of the kernel: keeps what it was launched with."""

    def __getitem__(self, grid):
        return self

    def __call__(self, *arguments, **options):
        self.arguments, self.options = arguments, options


def arguments_for(view, dtype):
    cpu, recorder, kernel = torch.device("cpu"), Recorder(), triton.add
    triton.add = recorder
    try:
        targets = triton._targets(new_accumulators(view[0][1], cpu), new_alarm(cpu), (0.0, 1.0))
        triton._launcher(targets, view, 7, 5, dtype.itemsize, programs=1056)(torch.empty(1, dtype=dtype))
    finally:
        triton.add = kernel
    return dict(zip(kernel.arg_names, recorder.arguments, strict=True)), recorder.options


def compiled(view, dtype, capability):
    """Specialise as Triton's launcher does: 1 is a constant, multiples of 16 are known to be."""
    arguments, options = arguments_for(view, dtype)
    signature, constants, attributes = {}, {}, {}
    for place, (name, value) in enumerate(arguments.items()):
        param = triton.add.params[place]
        if param.is_constexpr or (not param.do_not_specialize and isinstance(value, int) and value == 1):
            signature[name], constants[(place,)] = "constexpr", value
            continue
        is_tensor = isinstance(value, torch.Tensor)
        signature[name] = POINTERS[value.dtype] if is_tensor else "i32" if value < 2**31 else "i64"
        if is_tensor or (not param.do_not_specialize and value % 16 == 0):
            attributes[(place,)] = [["tt.divisibility", 16]]
    source = ASTSource(triton.add, signature, constants, attributes)
    return compiler.compile(source, target=GPUTarget("cuda", capability, 32), options=options)


def spilled(cubin):
    tool = Path(compiler.__file__).parent / "backends/nvidia/bin/cuobjdump"
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        usage = subprocess.run([tool, "--dump-resource-usage", file.name], capture_output=True, check=True)
    return b"LOCAL:0" not in usage.stdout


if __name__ == "__main__":
    layout, dtype, capability = sys.argv[1], getattr(torch, sys.argv[2]), int(sys.argv[3])
    assembly = compiled(LAYOUTS[layout], dtype, capability).asm
    instructions = sorted(
        set(re.findall(r"\b(?:ld|cvt|setp|red|atom|add|fma|mul)\.[\w.:]+", assembly["ptx"]))
    )
    print(json.dumps({"instructions": instructions, "spilled": spilled(assembly["cubin"])}))
