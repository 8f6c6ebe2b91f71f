"""Blur with a kernel that is cut where its weights vanish equals blur with the whole kernel."""

import pytest
import torch

from vssl.augment import Blur

# The first does not blur, and the next two reach no other pixel.
SIGMA = (0.0, 0.05, 0.16, 0.17, 0.3, 0.6, 1.0, 2.0)


@pytest.mark.parametrize("radius", [1, 5, 11])
@pytest.mark.parametrize("frames", [1, 4])
@pytest.mark.parametrize("consistent", [True, False])
def test_blur_equals_torchvisions_with_the_whole_kernel(way, radius, frames, consistent):
    from torchvision.transforms.v2 import functional as reference

    x = torch.rand(8, 3, frames, 12, 14, generator=torch.Generator().manual_seed(0))
    p = torch.tensor(SIGMA).view(8, 1, 1).expand(8, 1 if consistent else frames, 1)
    before, blurred = x.clone(), Blur(radius=radius, consistent=consistent).apply(x, p)
    for clip, own, sigma in zip(x, blurred, SIGMA, strict=True):
        size = [2 * radius + 1] * 2
        expected = reference.gaussian_blur(clip, size, [sigma] * 2) if sigma else clip
        assert torch.allclose(own, expected, atol=1e-6)
    assert torch.equal(x, before), "the step changed its input"


def test_frames_may_differ_in_sigma(way):
    x = torch.rand(2, 3, 4, 12, 14, generator=torch.Generator().manual_seed(0))
    p = torch.tensor(SIGMA).view(2, 4, 1)
    together, step = Blur(radius=5, consistent=False).apply(x, p), Blur(radius=5)
    for n in range(2):
        for t in range(4):
            alone = step.apply(x[n : n + 1, :, t : t + 1], p[n : n + 1, t : t + 1])
            assert torch.allclose(together[n : n + 1, :, t : t + 1], alone, atol=1e-6)
