"""The persons that a person detector found in real videos, as a list in a file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from vssl.errors import DataError, VsslError
from vssl.persons import Persons
from vssl.videos.datasets import DatasetOfPersons
from vssl.videos.readers import ava
from vssl.videos.readers.assembly import first_folder

FILE = "persons.csv"  # in the folder of the dataset


@dataclass(frozen=True)
class Listed:
    """Proposed persons as an experiment names them: by a digest of their list, wherever it lies.

    A row of the list is a video, a second, x1, y1, x2, y2 in fractions of the frame, and a score.
    """

    digest: str
    file: Path | None = field(default=None, metadata={"key": False}, compare=False, repr=False)

    @classmethod
    def beside(cls, root: Path) -> Self:
        """The list in the folder of a dataset, or in that of AVA in a folder of several."""
        folder = first_folder([root, root / "ava", root / "AVA"], holding=FILE)
        if folder is None:
            raise DataError(
                f"{root / FILE} is needed, the persons that a detector finds at the key frames: say"
                f" `vssl data persons {root}`, or put a list there, with a row of video, second,"
                " x1, y1, x2, y2 in fractions and score for each"
            )
        return cls(_digest(folder / FILE), folder / FILE)

    def found_in(self, dataset: DatasetOfPersons) -> Persons:
        """The persons on the list that are in a dataset's videos."""
        if self.file is None:
            raise VsslError(f"where the list of persons {self.digest} lies is not known; plan anew")
        if _digest(self.file) != self.digest:
            raise VsslError(f"{self.file} is not what it was when this was planned; plan anew")
        return ava.read_proposals(self.file, dataset)[0]


def _digest(file: Path) -> str:
    return hashlib.blake2b(file.read_bytes(), digest_size=8).hexdigest()
