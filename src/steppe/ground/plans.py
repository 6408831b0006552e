"""What comes of a posting: times on both sides, plans and the aircraft that listen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.ground.posting import Posting, weighted_quantile
from steppe.ground.setup import Post

Floats = npt.NDArray[np.float64]

PROBABILITIES: Final = (0.5, 0.9, 0.99)


@dataclass(frozen=True, slots=True)
class Times:
    """When things happen on one side, s after the touchdown, one value for each touchdown and detection.

    Attributes
    ----------
    side
        "guided" or "ballistic".
    first_s, team_s
        The first unit at the capsule, and the last of the team; `UNREACHED_S` where nobody comes.
    hatch_s, last_out_s
        The hatch is open, the last of the crew is out.
    weight
        Probability within the side.
    unreached
        Probability that nobody can come.
    """

    side: str
    first_s: Floats
    team_s: Floats
    hatch_s: Floats
    last_out_s: Floats
    weight: Floats
    unreached: float

    def quantile_s(self, what: str, share: float) -> float:
        """Return a quantile of `first_s`, `team_s`, `hatch_s` or `last_out_s`."""
        return weighted_quantile(getattr(self, what), self.weight, share)

    def mean_s(self, what: str) -> float:
        """Return the mean of a column."""
        return float(self.weight @ getattr(self, what))

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers for JSON."""
        rows: dict[str, Any] = {"unreached_probability": self.unreached}
        for key, what in (
            ("first_team", "first_s"), ("whole_team", "team_s"), ("hatch_open", "hatch_s"), ("last_out", "last_out_s"),
        ):  # fmt: skip
            rows[f"{key}_mean_s"] = self.mean_s(what)
            rows |= {f"{key}_p{100 * p:.0f}_s": self.quantile_s(what, p) for p in PROBABILITIES}
        return rows


@dataclass(frozen=True, slots=True)
class Plan:
    """One way of posting the force.

    Attributes
    ----------
    name, title
        For machines, and for people.
    posts
        Who waits where.
    guided, ballistic
        What comes of it in the weather of the day.
    icing
        The same if icing stops what does not fly in it, by side.
    mean_hatch_s
        Mean time to the open hatch over both sides with their probabilities.
    posting
        The answer of the solver with its proof.
    """

    name: str
    title: str
    posts: tuple[Post, ...]
    guided: Times
    ballistic: Times
    icing: dict[str, Times]
    mean_hatch_s: float
    posting: Posting

    def count(self, side: str, kind: str) -> int:
        """Return how many units of a type wait on a side."""
        return sum(post.count for post in self.posts if post.place.side == side and post.type == kind)

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers for JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "hatch_open_mean_s": self.mean_hatch_s,
            "objective_s": self.posting.objective_s,
            "objective_bound_s": self.posting.bound_s,
            "gap": self.posting.gap,
            "proven_optimal": self.posting.proven,
            "posts": [post_dict(post) for post in self.posts],
            "guided": self.guided.as_dict(),
            "ballistic": self.ballistic.as_dict(),
            "with_icing": {side: times.as_dict() for side, times in self.icing.items()},
        }


@dataclass(frozen=True, slots=True)
class Radio:
    """The aircraft that listen: where they patrol, and when the capsule is above their horizon."""

    posts: tuple[Post, ...]
    contact_s: dict[str, Floats]

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers for JSON."""
        contact = {
            f"{side}_contact_p{100 * p:.0f}_s": float(np.quantile(times, p, method="higher"))
            for side, times in self.contact_s.items()
            for p in PROBABILITIES
        }
        return {"posts": [post_dict(post) for post in self.posts], **contact}


def first_there(time_s: Floats, weight: Floats) -> Floats:
    """Return how probable it is that each of some posts is the first; posts that arrive together share.

    Parameters
    ----------
    time_s
        Arrivals, infinite where nobody comes, shape (posts, scenarios).
    weight
        Probability of each scenario, shape (scenarios,).
    """
    first = (time_s <= time_s.min(axis=0) + 1e-6) & np.isfinite(time_s)
    return np.asarray((first / np.maximum(first.sum(axis=0), 1)) @ weight)


def post_dict(post: Post) -> dict[str, Any]:
    """Return a post as plain values."""
    place = post.place
    return {
        "type": post.type,
        "count": post.count,
        "place": place.name,
        "side": place.side,
        "airfield": place.airfield,
        "latitude_deg": place.latitude_deg,
        "longitude_deg": place.longitude_deg,
    }
