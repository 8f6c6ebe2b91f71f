"""What each command of `vssl` does; what is heavy is imported by the command that needs it."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from vssl.arguments import one_of
from vssl.errors import VsslError
from vssl.videos import catalogue

if TYPE_CHECKING:
    from vssl.videos.datasets import Dataset

# Named here too, so that a slip is answered without loading torch; a test compares.
PROFILES = ("smoke", "demo", "gpu", "paper")
SIZES = PROFILES[:3]  # of puppets; the paper profile wants the real data


def reproduce(options: argparse.Namespace) -> int:
    """Run notebooks and report."""
    profile = one_of(options.profile, PROFILES, "profile")
    from vssl.shelf import runner

    return runner.reproduce(
        options.ids,
        profile,
        jobs=options.jobs,
        resume=options.resume,
        seeds=options.seeds,
        data_root=options.data_root,
        plan_only=options.plan,
        limit_minutes=options.limit_minutes,
    )


def fill(options: argparse.Namespace) -> int:
    """Compute what the ledger lacks, or say how far it is."""
    profile = one_of(options.profile, PROFILES, "profile")
    from vssl.shelf import fill

    if options.status:
        print(fill.status(profile))
        return 0
    return fill.fill(options.ids, profile, options.jobs, options.within, options.plan)


def data_make(options: argparse.Namespace) -> int:
    """Draw the puppet sets."""
    names = [
        one_of(name, catalogue.STAND_INS, "puppet set")
        for name in options.sets or catalogue.STAND_INS
    ]
    size = one_of(options.size, SIZES, "size")
    from vssl.lab.profile import world
    from vssl.videos import puppets

    for name in names:
        print(f"{name} ({size}): {puppets.make(world(name, size))}")
    return 0


def data_index(options: argparse.Namespace) -> int:
    """Count the videos of a dataset."""
    print(_dataset(options).summary())
    return 0


def data_check(options: argparse.Namespace) -> int:
    """Decode every video of a dataset, and list what fails."""
    from vssl.videos.check import failures

    dataset = _dataset(options)
    failed = failures([video.path for video in dataset.videos], workers=options.jobs)
    for reason in failed.values():
        print(reason)
    print(
        f"{len(dataset.videos) - len(failed)} of {len(dataset.videos)} videos of {dataset.name}"
        " decode"
    )
    return 1 if failed else 0


def data_shots(options: argparse.Namespace) -> int:
    """List the videos of a dataset in which the shot changes."""
    from vssl.videos import shots

    dataset = _dataset(options)
    found = shots.found_in(dataset)
    for path, begins in found.items():
        print(f"{path}  new shot at frame {', '.join(map(str, begins))}")
    print(
        f"{len(found)} of {len(dataset.videos)} videos of {dataset.name} have several shots"
        + ("; a video that is moved out of the folder is not trained on" if found else "")
    )
    return 0


def data_persons(options: argparse.Namespace) -> int:
    """Find the persons in the key frames of AVA, and write them to a file."""
    from vssl.lab.listed import FILE
    from vssl.videos import person_search
    from vssl.videos.datasets import DatasetOfPersons

    dataset = catalogue.open_dataset("ava", options.root)
    assert isinstance(dataset, DatasetOfPersons)
    file = options.out or options.root / FILE
    person_search.refuse_to_overwrite(file)  # before the weights are read
    detector = person_search.torchvision_detector(options.download)
    found = person_search.search(dataset, file, detector, "fasterrcnn_resnet50_fpn_v2")
    for reason in found.failed:
        print(reason)
    print(f"{file}: {found.boxes} persons in {found.key_frames} key frames")
    if found.beyond:
        print(f"{found.beyond} key frames on the lists come after the end of their film")
    return 1 if found.failed else 0


def _dataset(options: argparse.Namespace) -> Dataset:
    """The dataset at --root, or else the puppets that stand in for it.

    They are drawn if they are not there yet.
    """
    name = one_of(options.name, catalogue.NAMES, "dataset")
    size = one_of(options.size, SIZES, "size")
    if options.root:
        return catalogue.open_dataset(name, options.root)
    from vssl.lab.profile import world
    from vssl.videos import puppets

    return catalogue.open_dataset(name, puppets.make(world(name, size)))


def ledger(options: argparse.Namespace) -> int:
    """List the committed results, or add what notebooks left."""
    from vssl.results import ledger

    if options.source and not options.add:
        raise VsslError("--from goes with --add: vssl ledger --add --from FOLDER")
    if options.add:
        print(
            "\n".join(ledger.add(options.source))
            or "nothing to add: no notebook left numbers since the last time"
        )
    else:
        print(ledger.summary())
    return 0


def export(options: argparse.Namespace) -> int:
    """Write a trained net into a folder."""
    from vssl.results import export

    print(f"{export.export(options.key, options.to, options.heads)} is there; vssl.load reads it")
    return 0


def teach(options: argparse.Namespace) -> int:
    """Write copies of notebooks for a class."""
    from vssl.shelf import teach

    print("\n".join(teach.teach(options.ids, options.to)))
    print(f"{options.to}: {' and '.join(teach.COPIES)}, a folder each")
    return 0


def doctor(options: argparse.Namespace) -> int:
    """Say what is on this machine."""
    from vssl import doctor

    report = doctor.report(probe=not options.no_probe)
    print(json.dumps(report, indent=1) if options.json else doctor.text(report))
    return 1 if report["problems"] else 0
