"""The search for persons writes what a detector sees at the key frames, and can be stopped."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vssl import cli
from vssl.errors import VsslError
from vssl.videos import catalogue, person_search, puppets
from vssl.videos.readers import ava

WORLD = puppets.World(
    **{**vars(puppets.ava()), "groups": 4, "frames": (60, 60), "height": 64, "width": 86}
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return catalogue.open_dataset("ava", puppets.make(WORLD, tmp_path_factory.mktemp("ava")))


def left_half(frame):
    """A detector that sees one person for sure, one hardly and one not at all."""
    height, width = frame.shape[:2]
    boxes = np.array([[0, 0, 5, 5], [-3, 0, width / 2, height], [1, 1, 2, 2]], float)
    return boxes, np.array([0.2, 0.95, 0.01])


def test_the_list_holds_every_key_frame_and_reads_back(dataset, tmp_path):
    file = tmp_path / "persons.csv"
    found = person_search.search(dataset, file, left_half, "half")
    persons, unknown = ava.read_proposals(file, dataset)
    assert not unknown and not found.failed and not found.beyond
    assert len(persons) == found.boxes == 2 * found.key_frames
    assert set(persons.frames) == set(dataset.persons.frames)
    assert persons.boxes[::2] == pytest.approx(np.tile([0, 0, 0.5, 1], (found.key_frames, 1)))
    assert persons.scores[::2] == pytest.approx(0.95)
    assert [path.name for path in tmp_path.iterdir()] == ["persons.csv"]


def test_the_frames_are_those_that_training_sees(dataset, tmp_path):
    seen = []

    def keep(frame):
        seen.append(frame)
        return left_half(frame)

    person_search.search(dataset, tmp_path / "persons.csv", keep, "keep")
    video = dataset.videos[0]
    own = np.unique(dataset.persons.seconds[dataset.persons.videos == 0])
    frames = puppets.frames_of(WORLD, video.name)
    for second, frame in zip(own, seen, strict=False):
        apart = np.abs(frames.astype(float) - frame).mean((1, 2, 3))  # [T]; it was encoded
        assert apart.argmin() == (second - dataset.begin) * WORLD.fps


def test_a_search_that_was_stopped_goes_on_where_it_was(dataset, tmp_path):
    file, calls = tmp_path / "persons.csv", []

    def counted(frame):
        calls.append(1)
        if len(calls) == 10:
            raise KeyboardInterrupt
        return left_half(frame)

    with pytest.raises(KeyboardInterrupt):
        person_search.search(dataset, file, counted, "half")
    assert not file.exists()
    found = person_search.search(dataset, file, counted, "half")
    assert len(calls) < 10 + found.key_frames
    person_search.search(dataset, tmp_path / "at-once.csv", left_half, "half")
    assert file.read_text() == (tmp_path / "at-once.csv").read_text()


def test_a_list_that_is_there_is_not_overwritten(dataset, tmp_path):
    file = tmp_path / "persons.csv"
    file.write_text("mine")
    with pytest.raises(VsslError, match="is there already"):
        person_search.search(dataset, file, left_half, "half")
    assert file.read_text() == "mine"


def test_films_that_cannot_be_read_are_named(dataset, tmp_path, monkeypatch):
    whole, broken = person_search.stream, dataset.videos[1].path

    def stream(path):
        if path == broken:
            raise person_search.VideoError(f"{path} is broken")
        return whole(path)

    monkeypatch.setattr(person_search, "stream", stream)
    found = person_search.search(dataset, tmp_path / "persons.csv", left_half, "half")
    assert found.failed == (f"{broken} is broken",) and found.beyond == 0
    assert found.key_frames < len(np.unique(dataset.persons.frames))


def test_only_boxes_of_persons_count():
    class Net(torch.nn.Module):
        def forward(self, images):
            assert images[0].shape == (3, 4, 6) and images[0].max() == 1
            boxes = torch.arange(12.0).reshape(3, 4)
            labels, scores = torch.tensor([1, 7, 1]), torch.tensor([0.9, 0.8, 0.7])
            return [{"boxes": boxes, "labels": labels, "scores": scores}]

    detector = person_search.persons_of(Net(), 1, torch.device("cpu"))
    boxes, scores = detector(np.full((4, 6, 3), 255, np.uint8))
    assert boxes[:, 0].tolist() == [0, 8] and scores == pytest.approx([0.9, 0.7])


def test_the_command_writes_the_list_beside_the_films(dataset, monkeypatch, capsys):
    monkeypatch.setattr(person_search, "torchvision_detector", lambda download: left_half)
    arguments = ["data", "persons", str(dataset.root)]
    try:
        assert cli.main(arguments) == 0
        assert "persons in" in capsys.readouterr().out
        assert cli.main(arguments) == 2
        assert "is there already" in capsys.readouterr().err
    finally:
        (dataset.root / "persons.csv").unlink()


def test_without_weights_one_line_says_how_to_get_them(dataset, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert cli.main(["data", "persons", str(dataset.root)]) == 2
    said = capsys.readouterr().err
    assert "--download" in said and said.count("\n") == 1


def test_another_dataset_is_refused_in_one_line(tmp_path, capsys):
    assert cli.main(["data", "persons", str(tmp_path)]) == 2
    assert "AVA is not at" in capsys.readouterr().err
