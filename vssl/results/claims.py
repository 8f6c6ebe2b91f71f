"""Claims: an ordering that a paper states in words, judged on our numbers by one fixed method.

The method is a paired t-test over seeds. The claim `holds` where the 95 % interval of the mean
difference lies above 0, is `reversed` where it lies below, and is `undecided` where it holds 0.
With one common seed, or with the same difference for every seed, there is no spread to judge by:
that is `undecided` too. Without a common seed it is `not run`. A claim that no result could meet
(three times a row that scores 60 %) is `not judged`. A verdict is given once: where seeds were
planned, the claim is `waiting` until all of them are there, and no others count. Beside the verdict
stands the difference that this many seeds would notice 4 times in 5, by the noncentral t.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vssl.errors import VsslError
from vssl.statistics import chance_of, noticed, paired

SAME = 1e-9  # differences closer to each other than this have no spread


@dataclass(frozen=True)
class Claim:
    """`better` beats `worse` in a column; with a factor, beats so many times its value."""

    text: str
    better: str
    worse: str
    column: str
    factor: float = 1.0
    paper: str = ""  # the paper's own numbers or words
    most: float = 100.0  # the best value there can be, which decides whether a factor can be met


@dataclass(frozen=True)
class Verdict:
    """What our numbers say of a claim."""

    claim: Claim
    verdict: str  # one of WORDS
    difference: float
    half_width: float  # infinite where there is no interval
    detectable: float
    seeds: int
    planned: int = 0  # seeds; 0 where none were planned
    p: float = math.nan  # of the paired t-test; NaN where none was made

    def words(self, world: str = "") -> str:
        """The verdict, with the world that it is about."""
        if self.verdict == "waiting":
            return f"{self.seeds} of {self.planned} seeds"
        about = self.verdict in ("holds", "reversed", "undecided") and world
        return f"{self.verdict} on {world}" if about else self.verdict

    def line(self, digits: int = 1) -> str:
        """The difference with its interval, in one line, with so many decimals."""
        if self.verdict == "waiting":
            return "the verdict comes when all planned seeds are there"
        if not self.seeds:
            return "no common seeds"
        if self.verdict == "not judged":
            most = f"{self.claim.most:g}, the most there can be"
            return f"{self.claim.factor:g} times {self.claim.worse} is more than {most}"
        plain = self.claim.factor == 1
        what = "difference" if plain else f"excess over {self.claim.factor:g} times"
        found = f"{what} {self.difference:+.{digits}f}"
        if self.seeds == 1:
            return f"{found}, one seed: no interval"
        if math.isinf(self.half_width):
            return f"{found}, the same for each of {self.seeds} seeds: no interval"
        kind = "a difference" if plain else "an excess"
        least = f"{self.detectable:.{digits}f}"
        notice = f"with {self.seeds} seeds we would notice {kind} of {least} or more"
        return f"{found} ± {self.half_width:.{digits}f} ({notice})"


WORDS = ("holds", "reversed", "undecided", "not judged", "waiting", "not run")


def judge(
    claim: Claim,
    better: dict[int, float],
    worse: dict[int, float],
    planned: Sequence[int] = (),
) -> Verdict:
    """Judge a claim on two rows' values by seed."""
    common = sorted(better.keys() & worse.keys())
    if planned:
        common = sorted(set(common) & set(planned))
        if len(common) < len(planned):
            return Verdict(
                claim, "waiting", math.nan, math.inf, math.inf, len(common), len(planned)
            )
    if not common:
        return Verdict(claim, "not run", math.nan, math.inf, math.inf, 0)
    first = np.array([better[seed] for seed in common])
    second = claim.factor * np.array([worse[seed] for seed in common])
    if claim.factor > 1 and second.mean() >= claim.most:
        return Verdict(claim, "not judged", math.nan, math.inf, math.inf, len(common))
    if len(common) == 1 or np.ptp(first - second) < SAME:
        mean = float((first - second).mean())
        return Verdict(claim, "undecided", mean, math.inf, math.inf, len(common))
    mean, half = paired(first, second)
    error = float(np.std(first - second, ddof=1)) / math.sqrt(len(common))
    word = "holds" if mean > half else "reversed" if mean < -half else "undecided"
    detectable, p = noticed(len(common)) * error, chance_of(first, second)
    return Verdict(claim, word, mean, half, detectable, len(common), len(planned), p)


def check(claims: tuple[Claim, ...], rows: list[str], columns: list[str]) -> None:
    """Refuse a claim about a row or column that the table does not have."""
    for claim in claims:
        for name, known in ((claim.better, rows), (claim.worse, rows), (claim.column, columns)):
            if name not in known:
                raise VsslError(
                    f"the claim {claim.text!r} speaks of {name!r}, which the table does not have;"
                    f" it has {', '.join(known)}"
                )


def tally(verdicts: Sequence[Verdict]) -> str:
    """How many claims hold, are reversed, or are undecided, in a sentence."""
    words = [one.verdict for one in verdicts]
    counts = {word: words.count(word) for word in WORDS if word in words}
    if counts.get("waiting") == len(verdicts):
        return f"No claim is judged before {verdicts[0].planned} planned seeds are there"
    parts = [f"{count} {_do(word, count)}" for word, count in counts.items()]
    return f"Of {len(verdicts)} claims {', '.join(parts)}"


def in_short(verdicts: Sequence[Verdict], worlds: Mapping[str, str]) -> str:
    """Verdicts as sentences, with the world of each column; empty without claims."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in verdicts:
        about = one.verdict, worlds.get(one.claim.column, "")
        groups.setdefault(about, []).append(one.claim.text)
    lines = []
    for (word, world), texts in groups.items():
        if word == "waiting":
            count = f"{len(texts)} claims" if len(texts) > 1 else "1 claim"
            lines.append(f"{count} wait{'s' * (len(texts) == 1)} for planned seeds.")
        else:
            where = f" on {world}" if world else ""
            lines.append(f"{word[0].upper()}{word[1:]}{where}: {'; '.join(texts)}.")
    return f"In short: {' '.join(lines)}" if lines else ""


def _do(word: str, count: int) -> str:
    """A verdict as what so many claims do."""
    if word == "holds":
        return "holds" if count == 1 else "hold"
    if word == "waiting":
        return "waits for seeds" if count == 1 else "wait for seeds"
    return f"{'is' if count == 1 else 'are'} {word}"
