"""Losses: pure functions of tensors, in the papers' symbols."""

from vssl.losses.contrast import against_all, info_nce, same_context, same_pace

__all__ = ["against_all", "info_nce", "same_context", "same_pace"]
