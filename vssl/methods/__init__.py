"""Methods: one file a paper, and one for the baselines that papers compare with.

A method names its sampler, augmentation, objective and recipe (`Method`). Its fields are what the
paper's tables vary.
"""

from vssl.methods.baselines import VCOP
from vssl.methods.cpnet import CPNet, CRNet
from vssl.methods.cstp import CSTP
from vssl.methods.cut import WithCut
from vssl.methods.cvrl import CVRL
from vssl.methods.method import Labelled, Method
from vssl.methods.pace import Pace
from vssl.methods.segments import Segments

__all__ = [
    "CSTP",
    "CVRL",
    "VCOP",
    "CPNet",
    "CRNet",
    "Labelled",
    "Method",
    "Pace",
    "Segments",
    "WithCut",
]
