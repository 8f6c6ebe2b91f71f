"""Methods: one file a paper. A method names its sampler, augmentation, objective and recipe; its fields are the tables' switches."""

from vssl.methods.pace import Pace

__all__ = ["Pace"]
