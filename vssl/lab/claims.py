"""Claims: an ordering that a paper states in words, judged on our numbers by one fixed method.

The method: differences between two rows, paired by seed; their mean with a 95 % t-interval. The claim `holds` where the interval
lies above 0, is `reversed` where it lies below, and is `undecided` where it holds 0 or there are fewer than two common seeds. The
half-width of the interval stands beside the verdict: a true difference smaller than that could not have been seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vssl.errors import VsslError

# Two-sided 95 % points of Student's t for 1 to 30 degrees of freedom; scipy would cost a second of every import for these.
T_95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """`better` beats `worse` in a column; with a factor, beats so many times its value."""

    text: str
    better: str
    worse: str
    column: str
    factor: float = 1.0
    paper: str = ""  # the paper's own numbers or words


@dataclass(frozen=True)
class Verdict:
    """What our numbers say of a claim."""

    claim: Claim
    verdict: str  # "holds", "reversed" or "undecided"
    difference: float
    half_width: float
    seeds: int

    def says(self) -> str:
        """The difference with its interval, in one line."""
        if not self.seeds:
            return "no common seeds"
        what = "difference" if self.claim.factor == 1 else f"excess over {self.claim.factor:g} times"
        if math.isinf(self.half_width):
            return f"{what} {self.difference:+.1f}, one seed: no interval"
        return (
            f"{what} {self.difference:+.1f} ± {self.half_width:.1f} ({self.seeds} seeds; less than {self.half_width:.1f} could not be seen)"
        )


def interval(values: list[float]) -> tuple[float, float]:
    """The mean and the half-width of its 95 % t-interval (infinite for a single value)."""
    if len(values) < 2:
        return (float(values[0]) if values else math.nan), math.inf
    t = T_95[min(len(values) - 1, len(T_95)) - 1]
    return float(np.mean(values)), float(t * np.std(values, ddof=1) / math.sqrt(len(values)))


def judge(claim: Claim, better: dict[int, float], worse: dict[int, float]) -> Verdict:
    """Judge a claim on two rows' values by seed."""
    common = sorted(better.keys() & worse.keys())
    if not common:
        return Verdict(claim, "undecided", math.nan, math.inf, 0)
    mean, half = interval([better[seed] - claim.factor * worse[seed] for seed in common])
    verdict = "undecided"
    if math.isfinite(half) and mean - half > 0:
        verdict = "holds"
    elif math.isfinite(half) and mean + half < 0:
        verdict = "reversed"
    return Verdict(claim, verdict, mean, half, len(common))


def check(claims: tuple[Claim, ...], rows: list[str], columns: list[str]) -> None:
    """Refuse a claim about a row or column that the table does not have."""
    for claim in claims:
        for name, known in ((claim.better, rows), (claim.worse, rows), (claim.column, columns)):
            if name not in known:
                raise VsslError(f"the claim {claim.text!r} speaks of {name!r}, which the table does not have; it has {', '.join(known)}")
