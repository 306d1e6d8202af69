"""Triton's compiler takes the kernel, for GPUs old and new, and makes of it the reads that were meant."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("triton", minversion="3.5", reason="the extra relume[triton] is not installed")

CASES = [
    ("rows", "float32", 80, "ld.global.v4.b32"),
    ("rows", "float16", 90, "ld.global.v4.b32"),
    ("images", "bfloat16", 90, "ld.global.v4.b32"),
    ("pooled", "float64", 90, "ld.global.v2.b64"),
    ("ragged", "float32", 90, "ld.global.b32"),
    ("huge", "bfloat16", 90, "ld.global.v4.b32"),
]
ATOMIC = ["add.f64", "add.u64", "max.s64", "min.s64"]


@pytest.mark.parametrize(("layout", "dtype", "capability", "load"), CASES)
def test_it_compiles(layout: str, dtype: str, capability: int, load: str, tmp_path: Path) -> None:
    command = [sys.executable, Path(__file__).with_name("compiled.py"), layout, dtype, str(capability)]
    environment = os.environ | {"TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": str(tmp_path)}
    process = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert process.returncode == 0, process.stderr
    made = json.loads(process.stdout)
    assert load in made["instructions"]
    for atomic in ATOMIC:  # with an answer or without, as the version of Triton has it
        assert any(one.endswith(f".global.gpu.relaxed.{atomic}") for one in made["instructions"])
    assert not [one for one in made["instructions"] if ".ftz" in one]  # the least floats are values too
    assert not made["spilled"]
