"""Masks of an attention that leave some query nothing to attend to."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

HEADS = 4  # the place of their number among the arguments of multi_head_attention_forward


def unmasked(args: tuple[Any, ...], keywords: Mapping[str, Any]) -> dict[str, Any] | None:
    """The keywords of multi_head_attention_forward where no query is masked throughout; None if none was.

    A query whose keys are all masked sees all of them instead: its softmax would be 0 / 0. Padding on the
    left under a causal mask does that to the padding itself, and a row of padding alone to every query.
    """
    query, key = args[0], args[1]
    examples = query.shape[1] if query.dim() == 3 else 1
    blocked = torch.zeros(examples, len(query), len(key), dtype=torch.bool, device=query.device)
    among, padding = keywords.get("attn_mask"), keywords.get("key_padding_mask")
    if among is not None:
        by_head = _blocked(among).reshape(-1, *among.shape[-2:])
        heads = max(len(by_head) // examples, 1)
        blocked = blocked | (by_head[::heads] if len(by_head) > 1 else by_head)
    if padding is not None:
        blocked = blocked | _blocked(padding).reshape(-1, 1, padding.shape[-1])
    throughout = blocked.all(-1, keepdim=True)
    if not bool(throughout.any()):
        return None
    mask = torch.zeros(blocked.shape, dtype=query.dtype, device=query.device)
    mask = mask.masked_fill(blocked & ~throughout, -math.inf).repeat_interleave(args[HEADS], 0)
    return {**keywords, "attn_mask": mask, "key_padding_mask": None, "is_causal": False}


def _blocked(mask: Tensor) -> Tensor:
    return mask if mask.dtype == torch.bool else mask == -math.inf
