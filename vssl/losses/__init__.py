"""Losses: pure functions of tensors, in the papers' symbols."""

from vssl.losses.contrast import against_all, gathered, info_nce, same_context, same_pace
from vssl.losses.shuffle import Shuffle
from vssl.losses.similarity import Cosine, Similarity
from vssl.losses.triplet import triplet

__all__ = [
    "Cosine",
    "Shuffle",
    "Similarity",
    "against_all",
    "gathered",
    "info_nce",
    "same_context",
    "same_pace",
    "triplet",
]
