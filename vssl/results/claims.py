"""Claims: an ordering that a paper states in words, judged on our numbers by one fixed method.

The method: differences between two rows, paired by seed; their mean with a 95 % t-interval. The
claim `holds` where the interval lies above 0, is `reversed` where it lies below, and is `undecided`
where it holds 0 or there is but one common seed; without any it is `not run`. Beside the verdict
stands the difference that this many seeds would have found four times out of five, (t_.975 + t_.80)
s / sqrt(n).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vssl.errors import VsslError
from vssl.statistics import students


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
    # "holds", "reversed", "undecided", or "not run" where the two rows have no seed in common.
    verdict: str
    difference: float
    half_width: float
    detectable: float
    seeds: int

    def line(self) -> str:
        """The difference with its interval, in one line."""
        if not self.seeds:
            return "no common seeds"
        what = (
            "difference" if self.claim.factor == 1 else f"excess over {self.claim.factor:g} times"
        )
        if math.isinf(self.half_width):
            return f"{what} {self.difference:+.1f}, one seed: no interval"
        seen = f"{self.seeds} seeds; 4 times in 5 they find a difference of {self.detectable:.1f}"
        return f"{what} {self.difference:+.1f} ± {self.half_width:.1f} ({seen})"


def interval(values: list[float]) -> tuple[float, float]:
    """The mean and the half-width of its 95 % t-interval (infinite for a single value)."""
    if len(values) < 2:
        return (float(values[0]) if values else math.nan), math.inf
    return float(np.mean(values)), students(0.975, values)


def judge(claim: Claim, better: dict[int, float], worse: dict[int, float]) -> Verdict:
    """Judge a claim on two rows' values by seed."""
    common = sorted(better.keys() & worse.keys())
    if not common:
        return Verdict(claim, "not run", math.nan, math.inf, math.inf, 0)
    differences = [better[seed] - claim.factor * worse[seed] for seed in common]
    mean, half = interval(differences)
    detectable = half + students(0.8, differences) if len(common) > 1 else math.inf
    verdict = "undecided"
    if math.isfinite(half) and mean - half > 0:
        verdict = "holds"
    elif math.isfinite(half) and mean + half < 0:
        verdict = "reversed"
    return Verdict(claim, verdict, mean, half, detectable, len(common))


def check(claims: tuple[Claim, ...], rows: list[str], columns: list[str]) -> None:
    """Refuse a claim about a row or column that the table does not have."""
    for claim in claims:
        for name, known in ((claim.better, rows), (claim.worse, rows), (claim.column, columns)):
            if name not in known:
                raise VsslError(
                    f"the claim {claim.text!r} speaks of {name!r}, which the table does not have;"
                    f" it has {', '.join(known)}"
                )
