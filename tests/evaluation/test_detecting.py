"""A detector learns from persons in boxes, and its precision says so: the way as a whole."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from vssl import models
from vssl.augment import Augment, Flip, ScaledCrop, Source, WholeFrame, follow
from vssl.evaluation import precisions
from vssl.persons import Noise, Persons, to_train_on

SIDE, CLASSES = 80, ("red", "green")


def scenes(count, seed):
    """Key frames with two squares each, red, green, both (yellow) or neither (blue)."""
    rng = np.random.default_rng(seed)
    clips = np.zeros((count, 4, SIDE, SIDE, 3), np.uint8)
    boxes, labels = np.zeros((count, 2, 4)), rng.random((count, 2, 2)) < 0.5
    for i in range(count):
        for j in range(2):
            top, left = rng.integers(0, SIDE - 24), rng.integers(0, 14) + 40 * j
            colour = [*(200 * labels[i, j]), 0 if labels[i, j].any() else 200]
            clips[i, :, top : top + 24, left : left + 24] = colour
            boxes[i, j] = np.array([left, top, left + 24, top + 24]) / SIDE
    second = np.repeat(np.arange(count), 2)
    flat = boxes.reshape(-1, 4), labels.reshape(-1, 2), np.ones(2 * count)
    return torch.from_numpy(clips), Persons(0 * second, second, *flat)


def views(augment, clips, people, seed):
    """Views of the clips, the boxes in them, which clip each is of, and its labels."""
    rng, source = np.random.default_rng(seed), Source(4, SIDE, SIDE)
    drawn = [augment.draw(rng, source) for _ in clips]
    boxes, owners, labels = [], [], []
    for number, parameters in enumerate(drawn):
        here = people.at(people.seconds == number)
        found, rows = follow(augment, parameters, source, here.boxes)
        boxes.append(found)
        owners.append(np.full(len(rows), number))
        labels.append(here.labels[rows])
    x = augment.apply(clips, drawn)
    joined = (torch.from_numpy(np.concatenate(one)) for one in (boxes, owners, labels))
    return x, *joined


def test_a_detector_learns_what_is_in_which_box():
    torch.manual_seed(0)
    clips, true = scenes(24, 0)
    people = to_train_on(true, Noise(0.01, 0, 0).propose(true))
    assert len(people) > len(true)
    net = models.Detector(models.dilated(models.build("r3d", 8, pool=True)), models.BoxHead(2))
    optimiser = torch.optim.Adam(net.parameters(), 5e-3)
    train = Augment((ScaledCrop(64, (64, 80)), Flip()))
    for epoch in range(18):
        x, boxes, owners, labels = views(train, clips, people, epoch)
        loss = F.binary_cross_entropy_with_logits(net(x, boxes, owners), labels.float())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    clips, true = scenes(24, 1)
    found = Noise(0.05, 0, 0.5).propose(true)
    x, boxes, owners, _ = views(Augment((WholeFrame(64),)), clips, found, 0)
    scores = net.eval().scores(x, boxes, owners).numpy()
    assert len(scores) == len(found)  # the whole frame shows every box
    learnt = precisions(true, found, scores, CLASSES).mean
    shuffled = scores[np.random.default_rng(0).permutation(len(scores))]
    assert learnt > 0.85 and precisions(true, found, shuffled, CLASSES).mean < 0.6
