"""A warp fetches what has moved, and the estimator learns how far that is."""

import torch
from torch.nn import functional as F

from vssl.models.flow import FlowNet, warp
from vssl.objectives.synthesis import charbonnier


def moving(right, down, count=2, time=4, size=24, seed=0):
    """Smooth pictures that move by so many pixels a frame, [N, 3, T, S, S]."""
    generator = torch.Generator().manual_seed(seed)
    margin = 12
    wide = torch.rand(count, 3, 12, 12, generator=generator)
    wide = F.interpolate(wide, 3 * margin + size, mode="bicubic", align_corners=False)
    frames = [
        wide[
            :,
            :,
            margin - down * t : margin - down * t + size,
            margin - right * t : margin - right * t + size,
        ]
        for t in range(time)
    ]
    return torch.stack(frames, 2).clamp(0, 1)


def test_a_known_translation_is_undone():
    clip = moving(right=2, down=-1)
    flow = torch.zeros(2, 2, 3, 24, 24)
    flow[:, 0], flow[:, 1] = 2, -1
    back = warp(clip[:, :, 1:], flow)
    inside = (..., slice(3, -3), slice(3, -3))  # at the edges nothing is there to fetch
    assert torch.allclose(back[inside], clip[:, :, :-1][inside], atol=1e-5)
    assert not torch.allclose(back[inside], clip[:, :, 1:][inside], atol=1e-2)
    assert torch.allclose(warp(clip, torch.zeros(2, 2, 4, 24, 24)), clip, atol=1e-6)


def test_half_a_pixel_lies_between_two():
    frames = torch.arange(6.0).expand(1, 1, 1, 5, 6)
    flow = torch.zeros(1, 2, 1, 5, 6)
    flow[:, 0] = 0.5
    assert torch.allclose(warp(frames, flow)[..., :-1], frames[..., :-1] + 0.5)


def test_the_estimator_begins_with_rest_and_learns_a_translation():
    torch.manual_seed(0)
    net = FlowNet(8)
    assert net(moving(1, 1)).abs().max() == 0 and net(moving(1, 1)).shape == (2, 2, 3, 24, 24)
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    for step in range(150):
        clip = moving(1, 0, seed=step)
        loss = charbonnier(warp(clip[:, :, 1:], net(clip)) - clip[:, :, :-1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    right, down = net(moving(1, 0, seed=1000)).detach()[:, :, :, 4:-4, 4:-4].mean((0, 2, 3, 4))
    assert 0.7 < right < 1.3 and abs(down) < 0.2


def test_frames_do_not_see_each_other():
    net = FlowNet(8)
    torch.nn.init.normal_(net.flow.weight)
    clip = moving(1, 0)
    changed = clip.clone()
    changed[:, :, 3] = 0
    assert torch.equal(net(clip)[:, :, :2], net(changed)[:, :, :2])
    assert not torch.equal(net(clip)[:, :, 2], net(changed)[:, :, 2])
