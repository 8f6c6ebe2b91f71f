"""The class of all backbones: five stages in a row, and the features at their end."""

from __future__ import annotations

from torch import Tensor, nn

from vssl.errors import VsslError

STAGES = ("stem", "stage2", "stage3", "stage4", "stage5")


class Backbone(nn.Module):
    """Five stages in a row, from clips [N, 3, T, H, W] to a map [N, D, T', H', W'].

    `minimum` is the smallest clip (frames, side) that no stage shrinks to nothing.
    """

    def __init__(
        self, name: str, stages: list[nn.Module], dim: int, minimum: tuple[int, int] = (1, 1)
    ) -> None:
        super().__init__()
        self.name, self.dim, self.minimum = name, dim, minimum
        self.blocks = nn.ModuleDict(dict(zip(STAGES, stages, strict=True)))

    def forward(self, x: Tensor) -> Tensor:
        """Return the map after the last stage."""
        self._check(x)
        for block in self.blocks.values():
            x = block(x)
        return x  # [N, D, T', H', W']

    def features(self, x: Tensor) -> Tensor:
        """Return one vector for each clip: the mean of the last map over time and space."""
        # Adaptive pooling would give the same, but it is not deterministic on CUDA.
        return self.forward(x).mean((2, 3, 4))  # [N, D]

    def stages(self, x: Tensor) -> dict[str, Tensor]:
        """Return the map after each stage, from `stem` to `stage4` (p4) and `stage5` (p5)."""
        self._check(x)
        maps = {}
        for name, block in self.blocks.items():
            maps[name] = x = block(x)
        return maps

    def _check(self, x: Tensor) -> None:
        if x.ndim != 5 or x.shape[1] != 3 or not x.is_floating_point():
            raise VsslError(
                f"{self.name} wants float clips [N, 3, T, H, W], not {x.dtype} {list(x.shape)};"
                " augment makes them"
            )
        (frames, side), (least_frames, least_side) = (x.shape[2], min(x.shape[3:])), self.minimum
        if frames < least_frames:
            raise VsslError(
                f"{self.name} pools {frames} frames away to none; give it clips of at least"
                f" {least_frames} frames"
            )
        if side < least_side:
            raise VsslError(
                f"{self.name} pools {side} pixels away to none; give it clips of at least"
                f" {least_side} x {least_side} pixels"
            )


def with_pool(stem: nn.Module, pool: bool) -> nn.Module:
    """Return `stem`, followed by a spatial max-pool if `pool` is set.

    The pool leaves a quarter of the work to every later stage.
    """
    return nn.Sequential(stem, nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))) if pool else stem
