"""Networks that other people wrote, small and with random weights, each with a batch to train on."""

import importlib
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from . import torchvision_stub

TOKENS, VOCABULARY = 12, 50


@dataclass(frozen=True)
class Architecture:
    """A network of a library, made small by its own settings."""

    library: str
    name: str  # of the model in timm; of the class in transformers
    settings: dict[str, Any] = field(default_factory=dict)
    pixels: int = 0  # of an image's side; 0: it takes tokens

    def build(self) -> nn.Module:
        torch.manual_seed(0)
        return _BUILDERS[self.library](self).train()

    def batch(self, seed: int) -> dict[str, Tensor]:
        """What its forward takes, by name."""
        generator = torch.Generator().manual_seed(seed)
        if self.pixels:
            name = "x" if self.library == "timm" else "pixel_values"
            return {name: torch.randn(2, 3, self.pixels, self.pixels, generator=generator)}
        tokens = torch.randint(2, VOCABULARY, (2, TOKENS), generator=generator)
        labels = {"labels": tokens.flip(1)} if self.name.startswith("T5") else {}  # what its decoder reads
        return {"input_ids": tokens, **labels}


def loss_of(output: Any) -> Tensor:
    """The loss that a network returned, else the mean square of the first thing it returned."""
    if isinstance(output, Tensor):
        return output.square().mean()
    if isinstance(output, dict) and "loss" in output:
        return loss_of(output["loss"])
    return loss_of(next(iter(output.values() if isinstance(output, dict) else output)))


@cache
def load(library: str) -> ModuleType:
    """Import a library, offline, and pass over what it says of itself while it is imported."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if library == "timm":
        torchvision_stub.install()
        return importlib.import_module("timm")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = importlib.import_module(library)
        module.logging.set_verbosity_error()
        return module


def _from_timm(architecture: Architecture) -> nn.Module:
    network: nn.Module = load("timm").create_model(
        architecture.name, pretrained=False, num_classes=5, **architecture.settings
    )
    return network


def _from_transformers(architecture: Architecture) -> nn.Module:
    written = getattr(load("transformers"), architecture.name)
    tokens = {} if architecture.pixels else {"vocab_size": VOCABULARY, **_SPECIAL_TOKENS}
    network: nn.Module = written(written.config_class(**tokens, **architecture.settings))
    return network


_BUILDERS: dict[str, Callable[[Architecture], nn.Module]] = {
    "timm": _from_timm,
    "transformers": _from_transformers,
}
_SPECIAL_TOKENS = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 0}
_SMALL = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
_TEXT = {**_SMALL, "max_position_embeddings": 32}
_T5 = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2, "decoder_start_token_id": 0}
_PATCHES = {**_SMALL, "image_size": 32, "patch_size": 8}


def _timm(name: str, pixels: int = 64, **settings: Any) -> Architecture:
    return Architecture("timm", name, settings, pixels)


def _transformers(name: str, settings: dict[str, Any], pixels: int = 0) -> Architecture:
    return Architecture("transformers", name, settings, pixels)


ARCHITECTURES = {
    "ResNet-18": _timm("resnet18"),
    "DenseNet": _timm("densenet121", block_config=(2, 2, 2, 2)),
    "MobileNetV2": _timm("mobilenetv2_050"),
    "MobileNetV3": _timm("mobilenetv3_small_050"),
    "EfficientNet-B0": _timm("efficientnet_b0", 32),
    "GhostNet": _timm("ghostnet_050", 32),
    "RegNetY": _timm("regnety_002", 32),
    "DarkNet": _timm("darknet17", 32),
    "ConvNeXt": _timm("convnext_atto", depths=(1, 1, 1, 1)),
    "MobileViT": _timm("mobilevit_xxs"),
    "LeViT": _timm("levit_128s", img_size=64),
    "ViT": _timm("vit_tiny_patch16_224", img_size=64, depth=2),
    "CaiT": _timm("cait_xxs24_224", img_size=64, depth=2),
    "EVA-02": _timm("eva02_tiny_patch14_224", 56, img_size=56, depth=2),
    "Swin": _timm(
        "swin_tiny_patch4_window7_224", img_size=64, depths=(1, 1, 2, 1), window_size=2, embed_dim=24
    ),
    "BERT": _transformers("BertForSequenceClassification", _TEXT),
    "BERT without a head": _transformers("BertModel", _TEXT),
    "RoBERTa": _transformers("RobertaForMaskedLM", _TEXT),
    "DistilBERT": _transformers(
        "DistilBertForMaskedLM",
        {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32, "max_position_embeddings": 32},
    ),
    "GPT-2": _transformers("GPT2LMHeadModel", {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 32}),
    "OPT": _transformers(
        "OPTForCausalLM",
        {
            "hidden_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "ffn_dim": 32,
            "max_position_embeddings": 32,
            "word_embed_proj_dim": 16,
        },
    ),
    "T5": _transformers("T5ForConditionalGeneration", _T5),
    "T5, gated": _transformers("T5ForConditionalGeneration", {**_T5, "feed_forward_proj": "gated-gelu"}),
    "Nemotron": _transformers("NemotronForCausalLM", {**_TEXT, "num_key_value_heads": 2}),
    "Llama": _transformers("LlamaForCausalLM", {**_TEXT, "num_key_value_heads": 2}),
    "Mixtral": _transformers(
        "MixtralForCausalLM", {**_TEXT, "num_key_value_heads": 2, "num_local_experts": 2}
    ),
    "GPT-NeoX": _transformers("GPTNeoXForCausalLM", _TEXT),
    "BLOOM": _transformers("BloomForCausalLM", {"hidden_size": 16, "n_layer": 2, "n_head": 2}),
    "Mamba": _transformers("MambaForCausalLM", {"hidden_size": 16, "num_hidden_layers": 2, "state_size": 4}),
    "CLIP": _transformers("CLIPVisionModel", _PATCHES, 32),
    "ResNet of transformers": _transformers(
        "ResNetForImageClassification", {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]}, 32
    ),
}
