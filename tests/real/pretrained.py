"""Networks with trained weights that lie in wheels, without the packages around them.

Both packages import torchaudio or torchvision at their top, so the file of the model is loaded alone.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np
import torch
from scipy.io import wavfile
from scipy.signal import decimate
from sklearn.datasets import load_sample_image
from torch import Tensor, nn

CLIP = Path("/usr/share/sounds/alsa/Front_Center.wav")  # Debian's alsa-utils: 1.43 s of speech at 48 kHz
RATE, FRAME, HOP = 16_000, 1024, 160  # what torchcrepe was trained on, and its own hop of 10 ms
MTCNN = {"PNet": 0, "RNet": 24, "ONet": 48}  # its three networks; pixels of an input's side, 0: any


def crepe(size: str) -> nn.Module:
    """torchcrepe's network for pitch, "tiny" or "full"."""
    folder = folder_of("torchcrepe")
    with stubs(["torchcrepe"]) as [package]:
        package.PITCH_BINS = 360  # type: ignore[attr-defined]
        network = cast(nn.Module, loaded(folder / "model.py", "torchcrepe.model").Crepe(size))
    network.load_state_dict(torch.load(folder / "assets" / f"{size}.pth", weights_only=True))
    return network.eval()


def mtcnn(part: str) -> nn.Module:
    """One of the three networks of facenet-pytorch's face detector."""
    folder = folder_of("facenet_pytorch")
    packages = ["facenet_pytorch", "facenet_pytorch.models", "facenet_pytorch.models.utils"]
    with stubs([*packages, "facenet_pytorch.models.utils.detect_face"]) as [*_, detect_face]:
        detect_face.detect_face = detect_face.extract_face = None  # type: ignore[attr-defined]
        module = loaded(folder / "models" / "mtcnn.py", "facenet_pytorch.models.mtcnn")
        network = cast(nn.Module, getattr(module, part)(pretrained=False))
    network.load_state_dict(torch.load(folder / "data" / f"{part.lower()}.pt", weights_only=True))
    return network.eval()


def speech() -> Tensor:
    """Frames of the clip."""
    rate, samples = wavfile.read(CLIP)
    return frames_of(torch.tensor(decimate(samples / 2**15, rate // RATE).copy(), dtype=torch.float32))


def chirp() -> Tensor:
    """Frames of half a second of a rising tone with three overtones, over noise: always the same."""
    time = np.arange(RATE // 2) / RATE
    phase = 2 * np.pi * (110 * time + 220 * time**2)
    tone = sum(np.sin(k * phase) / k for k in (1, 2, 3, 4))
    return frames_of(torch.tensor(tone + 0.05 * np.random.default_rng(0).normal(size=len(time))).float())


def frames_of(samples: Tensor) -> Tensor:
    """As torchcrepe cuts them: [frames, FRAME], each centred and divided by its standard deviation."""
    frames = nn.functional.pad(samples, (FRAME // 2, FRAME // 2)).unfold(0, FRAME, HOP)
    frames = frames - frames.mean(1, keepdim=True)
    return frames / frames.std(1, keepdim=True).clamp(min=1e-10)


def picture(side: int) -> Tensor:
    """scikit-learn's china.jpg, [1, 3, 427, 640], or cut into tiles of so many pixels; from -1 to 1."""
    image = load_sample_image("china.jpg").astype(np.float32)
    x = torch.from_numpy((image - 127.5) / 128).permute(2, 0, 1)[None]
    if side == 0:
        return x
    return x.unfold(2, side, side).unfold(3, side, side).permute(0, 2, 3, 1, 4, 5).reshape(-1, 3, side, side)


def folder_of(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0])


@contextmanager
def stubs(names: Iterable[str]) -> Iterator[list[ModuleType]]:
    """Empty packages, for as long."""
    made: dict[str, Any] = {name: ModuleType(name) for name in names}
    before = {name: sys.modules[name] for name in made if name in sys.modules}
    for module in made.values():
        module.__path__ = []
    sys.modules.update(made)
    yield list(made.values())
    for name in made:
        del sys.modules[name]
    sys.modules.update(before)


def loaded(file: Path, name: str) -> ModuleType:
    spec = spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
