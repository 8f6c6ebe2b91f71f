"""Evaluation by the papers' protocols.

Variants by which published numbers differ have names and can be chosen.
"""

from vssl.evaluation.detection import Precisions, precisions
from vssl.evaluation.features import extract, pool
from vssl.evaluation.pretext import pretext_metrics, unrandomised
from vssl.evaluation.recognition import calibrate, chance, linear_probe, recognise, top
from vssl.evaluation.retrieval import recall

__all__ = [
    "Precisions",
    "calibrate",
    "chance",
    "extract",
    "linear_probe",
    "pool",
    "precisions",
    "pretext_metrics",
    "recall",
    "recognise",
    "top",
    "unrandomised",
]
