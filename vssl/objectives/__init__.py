"""Objectives: heads with their losses over the views of a batch, each one frozen class.

Classify, Pair, Order            a label that comes free with the sample: one class
Regress, Each                    the same: one or several numbers, or a class for each of them
Contrast, SimCLR                 views of a batch against each other
MoCo, BYOL, SimSiam              views against a slow copy of the net, or against themselves
MissingSection, Reconstruct      the features, or the pixels, of what a cut takes out of a clip
Weighted                         a sum of terms, each with a name and a weight
Pretext                          a backbone under any of them
SeeingPixels                     the same, where the pixels of a view are the answer
ViewSynthesis                    what trains a generator of views
KeySynthesis, SeeingCoin         that generator at work, and a Pretext that tells it when
"""

from vssl.objectives.base import Objective, Outcome, Views, held
from vssl.objectives.classify import Classify, Each, Order, Pair, Regress
from vssl.objectives.contrast import Contrast, SimCLR, feature_spread
from vssl.objectives.missing import MissingSection, Reconstruct, SeeingPixels
from vssl.objectives.pretext import Pretext
from vssl.objectives.synthesis import KeySynthesis, SeeingCoin, ViewSynthesis
from vssl.objectives.target import BYOL, MoCo, SimSiam
from vssl.objectives.weighted import Term, Weighted, with_term

__all__ = [
    "BYOL",
    "Classify",
    "Contrast",
    "Each",
    "KeySynthesis",
    "MissingSection",
    "MoCo",
    "Objective",
    "Order",
    "Outcome",
    "Pair",
    "Pretext",
    "Reconstruct",
    "Regress",
    "SeeingCoin",
    "SeeingPixels",
    "SimCLR",
    "SimSiam",
    "Term",
    "ViewSynthesis",
    "Views",
    "Weighted",
    "feature_spread",
    "held",
    "with_term",
]
