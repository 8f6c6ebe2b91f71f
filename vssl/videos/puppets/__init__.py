"""The puppet world: drawn figures act out classes, as encoded videos in a dataset's own layout."""

from vssl.videos.puppets.alike import diving48
from vssl.videos.puppets.disk import make
from vssl.videos.puppets.film import Truth, render, truth
from vssl.videos.puppets.larger import kinetics600
from vssl.videos.puppets.long import activitynet, ava
from vssl.videos.puppets.named import frames_of, truth_of
from vssl.videos.puppets.world import Style, World, digest, folder, hmdb51, kinetics400, ucf101

__all__ = [
    "Style",
    "Truth",
    "World",
    "activitynet",
    "ava",
    "digest",
    "diving48",
    "folder",
    "frames_of",
    "hmdb51",
    "kinetics400",
    "kinetics600",
    "make",
    "render",
    "truth",
    "truth_of",
    "ucf101",
]
