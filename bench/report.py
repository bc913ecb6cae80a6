"""A bench's report: a table for people, one JSON object on the last line for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Promise:
    """A bound that a measured figure keeps or breaks."""

    what: str
    measured: float
    bound: float
    at_least: bool = False

    @property
    def kept(self) -> bool:
        """Return whether the figure keeps its bound."""
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound

    @override
    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        verdict = "kept" if self.kept else "BROKEN"
        return f"{self.what}: {self.measured:.2f} {sign} {self.bound:g}  {verdict}"


@dataclass(frozen=True, slots=True)
class Report:
    """One bench: our figure, the baseline of the same run, and their ratio."""

    name: str
    ours: float
    baseline: float
    unit: str
    rows: Sequence[tuple[str, str]]
    promises: Sequence[Promise]
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Return our figure divided by the baseline."""
        return self.ours / self.baseline if self.baseline else float("inf")

    def tell(self, *, as_json: bool) -> None:
        """Print the table and, if asked, the object as the last line."""
        width = max(len(label) for label, _ in self.rows)
        print(f"bench {self.name}")
        for label, value in self.rows:
            print(f"  {label:{width}}  {value}")
        for promise in self.promises:
            print(f"  {promise}")
        if as_json:
            print(json.dumps(self._as_dict()))

    def _as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "ours": self.ours,
            "baseline": self.baseline,
            "ratio": self.ratio,
            "unit": self.unit,
            "kept": all(promise.kept for promise in self.promises),
            **self.more,
        }


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = max(1, round(share * len(ordered) + 0.5 - 1e-9))
    return ordered[min(rank, len(ordered)) - 1]
