"""Training: recipes, batches, and one loop."""

from vssl.recipe import Recipe
from vssl.training.batches import Batch, Batches, BatchSource
from vssl.training.loop import device_here, fit, is_first
from vssl.training.placement import placed

__all__ = ["Batch", "BatchSource", "Batches", "Recipe", "device_here", "fit", "is_first", "placed"]
