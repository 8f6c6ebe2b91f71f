"""Methods: one file a paper, and one for the baselines that papers compare with.

A method names its sampler, augmentation, objective and recipe (`Method`); its fields are the tables' switches.
"""

from vssl.methods.baselines import VCOP
from vssl.methods.cvrl import CVRL
from vssl.methods.method import Method
from vssl.methods.pace import Pace

__all__ = ["CVRL", "VCOP", "Method", "Pace"]
