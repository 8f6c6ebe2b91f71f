"""Losses: pure functions of tensors, in the papers' symbols."""

from vssl.losses.contrast import same_context, same_pace

__all__ = ["same_context", "same_pace"]
