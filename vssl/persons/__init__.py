"""Persons in boxes at key frames, as plain data: true ones, and ones that a detector proposes.

A box is four fractions of the frame: x1, y1, x2, y2.
"""

from vssl.persons.boxes import overlap, same_frame
from vssl.persons.noise import Noise
from vssl.persons.people import Persons
from vssl.persons.training import NEAR, to_train_on

__all__ = ["NEAR", "Noise", "Persons", "overlap", "same_frame", "to_train_on"]
