"""What section 8 of notebook 4 called before the evidence was a notebook of its own: kept for learners' copies."""

from typing import NamedTuple

from bgd_helpers.lessons import claims, limits, races, tuning

QUICK = False
CLAIMS = {
    "gaussians": limits.two_gaussians,
    "overtaking": races.overtaking,
    "size": races.work_and_size,
    "best-rates": tuning.best_rates,
}


class Result(NamedTuple):
    """A claim's name and its evidence."""

    name: str
    found: claims.Evidence


def collect(full):
    """The results of the claims that the section looks at, by their names."""
    return {name: Result(name, claim(full)) for name, claim in CLAIMS.items()}


def table(results):
    """All numbers of the results in one table."""
    return claims.evidence(
        *(number for result in results.values() for number in result.found.numbers), seeds="see each claim"
    )


def picture(result):
    """The picture of a result, its numbers where it has none."""
    from bgd_helpers.pictures import evidence_plots as pictures  # Matplotlib only for who wants a picture

    draw = getattr(pictures, result.name.replace("-", "_"), None)
    return draw(**result.found.drawn) if draw else result.found
