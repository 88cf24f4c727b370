"""Overlapping audiences as classes of people, from what is known of single creators and of pairs.

A person belongs to one class; people of a class follow creators independently of each other, each
creator with a probability of her own. The union of any set of audiences is then
Σ size · (1 − Π (1 − p)): a weighted coverage of explicit kinds of people, hence monotone and
submodular, and never above the universe. A class in which every p is 0 or 1 is one cell of the
Venn diagram, so that enough classes reproduce every figure that people could have counted.

References
----------
Lazarsfeld and Henry (1968), "Latent structure analysis" (classes within which traits are
independent); Nemhauser, Wolsey and Fisher (1978) (coverage is submodular).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit, softmax

Array = NDArray[np.float64]
Pairs = Mapping[tuple[int, int], float]

#: Relative error from which on a figure counts as not reproduced.
NEAR = 0.01

#: Classes are at least so many, and at most; between them they grow with the pairs.
FEWEST, MOST = 12, 96

#: Steps of the fit; weight of a pair that is not given, beside 1 for one that is.
STEPS, GUESSED = 3000, 1e-3

#: Probabilities are kept this far from 0 and 1 while they are fitted.
EDGE = 1e-9


@dataclass(frozen=True, slots=True)
class Classes:
    """Kinds of people, and how likely each follows every creator.

    Parameters
    ----------
    sizes : ndarray, shape (n_classes,)
        People.
    chances : ndarray, shape (n_creators, n_classes)
        Between 0 and 1.
    """

    sizes: Array
    chances: Array

    def singles(self) -> Array:
        """Return the audience of every creator, shape (n_creators,)."""
        return np.asarray(self.chances @ self.sizes)

    def shared(self) -> Array:
        """Return the people that every two creators share; the diagonal means nothing."""
        return np.asarray((self.chances * self.sizes) @ self.chances.T)

    def union(self, chosen: NDArray[np.intp] | list[int]) -> float:
        """Return the people that some creators reach together."""
        return float(self.sizes @ -np.expm1(np.log1p(-self.chances[chosen]).sum(axis=0)))


def independent(audiences: Array, universe: float) -> Classes:
    """Return one class: random duplication.

    Parameters
    ----------
    audiences : ndarray, shape (n_creators,)
        People, each at most the universe.
    universe : float
        People.
    """
    return Classes(np.array([universe]), (audiences / universe)[:, None])


def fit_classes(
    audiences: Array,
    pairs: Pairs,
    universe: float,
    *,
    at_most: float | None = None,
    n_classes: int | None = None,
) -> Classes:
    """Find classes that reproduce single audiences exactly and pairs as nearly as can be.

    Least squares of relative errors. Pairs that are not given are guessed to overlap at random,
    with a small weight, or held below a share of the smaller audience.

    Parameters
    ----------
    audiences : ndarray, shape (n_creators,)
        People, each above 0 and at most the universe.
    pairs : mapping of (int, int) to float
        People that two creators share.
    universe : float
        People.
    at_most : float, optional
        Share of the smaller audience that pairs which are not given do not pass.
    n_classes : int, optional

    Raises
    ------
    ValueError
        If an audience is larger than the universe.
    """
    if (audiences > universe).any():
        raise ValueError(f"an audience is larger than the universe of {universe:g} people")
    if not pairs and at_most is None:
        return independent(audiences, universe)
    fit = _Fit(audiences, pairs, universe, at_most)
    n_pairs = len(pairs)
    start = fit.start(n_classes or int(np.clip(3 * n_pairs**0.5, FEWEST, MOST)))
    found = minimize(
        fit.loss, start, jac=True, method="L-BFGS-B",
        options={"maxiter": STEPS, "maxfun": 2 * STEPS, "ftol": 1e-13, "gtol": 1e-9, "maxcor": 30},
    )  # fmt: skip
    return fit.exact(found.x)


class _Fit:
    """The squares that are minimised, and where to start."""

    def __init__(
        self, audiences: Array, pairs: Pairs, universe: float, at_most: float | None
    ) -> None:
        n = audiences.size
        self._audiences, self._universe = audiences, universe
        smaller = np.minimum.outer(audiences, audiences)
        self._shared = np.outer(audiences, audiences) / universe
        self._ceiling = np.full((n, n), np.inf)
        self._weights = np.full((n, n), GUESSED)
        if at_most is not None:
            self._ceiling = at_most * smaller
            self._shared = np.minimum(self._shared, self._ceiling)
        for (i, j), people in pairs.items():
            for at in ((i, j), (j, i)):
                self._shared[at], self._weights[at], self._ceiling[at] = people, 1.0, np.inf
        np.fill_diagonal(self._weights, 0.0)
        self._given = self._weights == 1.0
        self._unit = np.where(self._given, np.maximum(self._shared, 1e-3 * smaller), smaller)

    def start(self, n_classes: int) -> Array:
        """Return classes around the creators who share most, and one of everybody else."""
        shared = np.where(self._given, self._shared, 0.0)
        part = shared / self._audiences[:, None]
        order, left = [], shared.sum(axis=1)
        for _ in range(min(n_classes - 1, left.size)):
            order.append(int(left.argmax()))
            left = left * (1 - part[:, order[-1]])
            left[order[-1]] = -1.0
        extra = n_classes - 1 - len(order)
        order += order[:1] * 0 + [order[i % len(order)] for i in range(extra)]
        noise = np.random.default_rng(0).uniform(0.5, 1.5, (self._audiences.size, n_classes))
        chances = np.empty((self._audiences.size, n_classes))
        sizes = np.empty(n_classes)
        for k, i in enumerate(order):
            chances[:, k] = shared[:, i] / self._audiences[i] + 1e-3
            chances[i, k], sizes[k] = 0.9, self._audiences[i] * 0.5
        sizes[-1] = max(self._universe - sizes[:-1].sum(), 0.2 * self._universe)
        chances[:, -1] = self._audiences / self._universe
        chances = np.clip(chances * noise * 0.7, 1e-5, 0.95)
        return np.concatenate([np.log(sizes / sizes.sum()), logit(chances).ravel()])

    def _read(self, x: Array) -> tuple[Array, Array]:
        """Return the sizes and chances behind a point."""
        n = self._audiences.size
        n_classes = x.size // (n + 1)
        chances = np.clip(expit(x[n_classes:].reshape(n, n_classes)), EDGE, 1 - EDGE)
        return self._universe * softmax(x[:n_classes]), chances

    def loss(self, x: Array) -> tuple[float, Array]:
        """Return the weighted squares and their gradient."""
        sizes, chances = self._read(x)
        single = (chances @ sizes - self._audiences) / self._audiences
        shared = (chances * sizes) @ chances.T
        over = np.maximum(shared - self._ceiling, 0.0) / self._unit
        off = (shared - self._shared) / self._unit
        value = 10 * single @ single + 0.5 * (self._weights * off**2).sum() + 0.5 * (over**2).sum()
        pull = (self._weights * off + over) / self._unit
        to_single = 20 * single / self._audiences
        by_chance = to_single[:, None] * sizes + 2 * (pull @ (chances * sizes))
        by_size = to_single @ chances + (chances * (pull @ chances)).sum(axis=0)
        share = sizes / self._universe
        by_x = sizes * (by_size - share @ by_size)
        return float(value), np.concatenate([by_x, (by_chance * chances * (1 - chances)).ravel()])

    def exact(self, x: Array) -> Classes:
        """Return the classes, with the audiences brought to what is given."""
        sizes, chances = self._read(x)
        for _ in range(50):
            chances = np.minimum(chances * (self._audiences / (chances @ sizes))[:, None], 1.0)
        return Classes(sizes, np.minimum(chances, 1 - 2.0**-53))
