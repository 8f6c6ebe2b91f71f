"""Looking for persons in the key frames of real films, as detectors of actions on AVA want it.

A detector is a function from a frame to boxes and scores, so another one can be put in the place of
torchvision's. The list of each film is kept until all are there, so a search that was stopped goes
on where it was.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vssl.errors import VideoError, VsslError
from vssl.files import replacing, write_text
from vssl.progress import progress
from vssl.videos.datasets import DatasetOfPersons, Video
from vssl.videos.decode import claimed, stream

if TYPE_CHECKING:
    import torch

LEAST = 0.05  # a box with a lower score is left out; those who read the list choose higher

# uint8 [H, W, 3] -> boxes [R, 4], x1, y1, x2, y2 in pixels, and scores [R] from 0 to 1.
Detector = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


class Searched(NamedTuple):
    """What a search came to."""

    boxes: int
    key_frames: int  # that were looked at
    beyond: int  # key frames on the dataset's lists that come after the end of their film
    failed: tuple[str, ...]  # why films could not be read; what was found up to there is kept


def search(dataset: DatasetOfPersons, file: Path, detector: Detector, name: str) -> Searched:
    """Write the persons in the key frames of a dataset's lists to a file, and count them.

    `name` is the detector's: a search that was stopped is gone on with by the same one only.
    """
    refuse_to_overwrite(file)
    parts = file.with_name(f".{file.name}.{name}.{dataset.digest}")
    key_frames = np.unique(np.stack([dataset.persons.videos, dataset.persons.seconds], 1), axis=0)
    boxes, looked, beyond, failed = 0, 0, 0, []
    for number, video in enumerate(progress(dataset.videos, "films", every=0)):
        part, seconds = parts / f"{number}.csv", key_frames[key_frames[:, 0] == number, 1]
        if not part.exists():
            write_text(part, _rows(dataset, video, seconds, detector))
        first, *rows = part.read_text(encoding="utf-8").splitlines()
        seen, _, reason = first.partition(" ")
        boxes, looked = boxes + len(rows), looked + int(seen)
        if reason:
            failed.append(reason)
        else:
            beyond += len(seconds) - int(seen)
    if not looked:
        raise VsslError(
            f"no key frame of {dataset.name} could be looked at; vssl data check says which of its"
            " videos decode"
        )
    with replacing(file) as temporary, temporary.open("w", encoding="utf-8") as out:
        for number in range(len(dataset.videos)):
            text = (parts / f"{number}.csv").read_text(encoding="utf-8")
            out.write(text.partition("\n")[2])
    shutil.rmtree(parts)
    return Searched(boxes, looked, beyond, tuple(failed))


def refuse_to_overwrite(file: Path) -> None:
    """Refuse a file that is there, since runs are named by what is in it."""
    if file.exists():
        raise VsslError(f"{file} is there already; move it away, or name another file with --out")


def _rows(dataset: DatasetOfPersons, video: Video, seconds: np.ndarray, detector: Detector) -> str:
    """A line with the number of frames looked at and why there are no more; then a row a person."""
    seen, reason = 0, ""
    rows: list[str] = []
    try:
        rate = claimed(video.path)[1]
        if rate <= 0:
            raise VideoError(f"{video.path} names no frame rate; encode it again")
        places = dataset.frame_at(seconds, rate).tolist()
        wanted = dict(zip(places, seconds.tolist(), strict=True))
        for place, frame in enumerate(stream(video.path)):
            if place in wanted:
                seen += 1
                rows += _found(video.name, wanted[place], frame, detector)
            if seen == len(wanted):
                break
    except VideoError as error:
        reason = " ".join(str(error).split())
    return "\n".join([f"{seen} {reason}".strip(), *rows]) + "\n"


def _found(name: str, second: int, frame: np.ndarray, detector: Detector) -> Sequence[str]:
    """The rows of one key frame, the surest person first."""
    boxes, scores = detector(frame)
    height, width = frame.shape[:2]
    boxes = np.clip(boxes / [width, height, width, height], 0, 1)  # [R, 4]
    order = [row for row in np.argsort(-scores, kind="stable") if scores[row] >= LEAST]
    values = np.column_stack([boxes, scores])[order]  # [R, 5]
    return [",".join([name, f"{second:04d}", *(f"{v:.4f}" for v in row)]) for row in values]


def torchvision_detector(download: bool = False) -> Detector:
    """Faster R-CNN with a ResNet-50 and a feature pyramid, trained on COCO, of which: its persons.

    Without `download` its weights must be in torch hub's folder.
    """
    import torch  # these two here, not above: the imports take seconds
    from torchvision.models import detection

    weights = detection.FasterRCNN_ResNet50_FPN_V2_Weights.DEFAULT
    kept = Path(torch.hub.get_dir()) / "checkpoints" / weights.url.rpartition("/")[2]
    if not kept.exists() and not download:
        raise VsslError(
            f"the weights of the person detector are not at {kept}: say --download (175 MB), or"
            f" fetch {weights.url} by hand and put it there"
        )
    net = detection.fasterrcnn_resnet50_fpn_v2(
        weights=None, weights_backbone=None, box_score_thresh=LEAST
    )
    net.load_state_dict(weights.get_state_dict(progress=False, check_hash=True))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return persons_of(net.to(device).eval(), weights.meta["categories"].index("person"), device)


def persons_of(net: torch.nn.Module, label: int, device: torch.device) -> Detector:
    """A detector of torchvision's kind as one that says where the persons are."""
    import torch

    @torch.inference_mode()
    def detector(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = torch.from_numpy(frame).to(device).permute(2, 0, 1).float() / 255  # [C, H, W]
        found = net([x])[0]
        rows = found["labels"] == label
        return found["boxes"][rows].cpu().numpy(), found["scores"][rows].cpu().numpy()

    return detector
