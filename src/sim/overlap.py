"""Overlapping audiences as kinds of people, from what is known of single creators and of pairs.

A kind is a number of people who follow the same creators: one cell of the Venn diagram. The union
of any set of audiences is then a weighted coverage of kinds, hence monotone and submodular, and
never above the universe.

Kinds are built creator by creator, the smallest audience first. A linear program chooses which of
the people so far follow the next creator too, so that she shares with every earlier one what is
given; people who follow nobody yet fill up her audience. Each person has a random taste for her,
of the logistic law, and the program takes those with the most: apart from the given pairs, who
follows whom is as random as can be (the log odds of following her are a sum over the earlier
creators, one number for each pair). A vertex of the program splits few people; those are split
into two kinds, which keeps the figures exact. Where figures contradict each other, the program
misses them by as few people as it can.

References
----------
Qaqish (2003), "A family of multivariate binary distributions" (given means and pairs, one variable
at a time); Deming and Stephan (1940) (fitting cells to margins); Papandreou and Yuille (2011)
(random tastes and a maximum draw from a Gibbs law); Nemhauser, Wolsey and Fisher (1978) (coverage
is submodular).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, vstack

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Pairs = Mapping[tuple[int, int], float]

#: Kinds that the people who follow nobody else yet are split into, for every creator.
GRAINS = 24

#: What missing a figure by everybody costs, in units of taste.
PENALTY = 1e4

#: Creators up to whom pairs that are not given are asked to overlap at random one by one, and what
#: missing one of these costs; beyond, a random part of the others' followers is taken.
SMALL, GUESSED = 60, 1e2

#: Kinds smaller than this part of all people hold nobody.
NOBODY = 1e-14

#: Shares of a kind nearer to none or all than this are none or all.
EDGE = 1e-9


@dataclass(frozen=True, slots=True)
class Kinds:
    """Kinds of people, and whom they follow.

    Parameters
    ----------
    sizes : ndarray, shape (n_kinds,)
        People.
    follows : ndarray of bool, shape (n_creators, n_kinds)
    """

    sizes: Array
    follows: Flags

    def singles(self) -> Array:
        """Return the audience of every creator, shape (n_creators,)."""
        return np.asarray(self.follows @ self.sizes)

    def shared(self) -> Array:
        """Return the people that every two creators share, shape (n_creators, n_creators)."""
        return np.asarray((self.follows * self.sizes) @ self.follows.T.astype(float))

    def union(self, chosen: Sequence[int] | NDArray[np.intp]) -> float:
        """Return the people who follow at least one of some creators."""
        return float(self.sizes @ self.follows[np.asarray(chosen, np.intp)].any(axis=0))

    def merged(self) -> Kinds:
        """Return the kinds with those who follow the same creators taken together."""
        packed = np.packbits(self.follows, axis=0).T
        _, first, where = np.unique(packed, axis=0, return_index=True, return_inverse=True)
        sizes = np.bincount(where.ravel(), self.sizes, first.size)
        there = sizes > NOBODY * sizes.sum()
        return Kinds(sizes[there], self.follows[:, first[there]])


def kinds_of_people(
    audiences: Array, pairs: Pairs, universe: float, at_most: float | None = None
) -> Kinds:
    """Find kinds of people that reproduce single audiences, and pairs as nearly as can be.

    Parameters
    ----------
    audiences : ndarray, shape (n_creators,)
        People, above 0 and at most the universe.
    pairs : mapping of (int, int) to float
        People that two creators share. Other pairs overlap at random.
    universe : float
        People.
    at_most : float, optional
        Share of the smaller audience that pairs which are not given do not pass.

    Raises
    ------
    ValueError
        If an audience is not above 0 or larger than the universe.
    """
    if not ((audiences > 0) & (audiences <= universe * (1 + 1e-12))).all():
        raise ValueError(f"audiences must be above 0 and at most the universe of {universe:g}")
    shared: list[dict[int, float]] = [{} for _ in audiences]
    for (i, j), people in pairs.items():
        shared[i][j] = shared[j][i] = min(people, float(audiences[i]), float(audiences[j]))
    population = _Population(audiences, universe, at_most)
    population.given = [frozenset(mine) for mine in shared]
    if audiences.size <= SMALL:
        for i, j in combinations(range(audiences.size), 2):
            if j not in shared[i]:
                shared[i][j] = shared[j][i] = float(audiences[i] * audiences[j]) / universe
    for i in np.argsort(audiences, kind="stable").tolist():
        population.add(i, shared[i])
    return population.kinds().merged()


class _Population:
    """The kinds of people so far."""

    def __init__(self, audiences: Array, universe: float, at_most: float | None) -> None:
        self._audiences, self._universe, self._at_most = audiences, universe, at_most
        self._n = 0
        self._all_sizes = np.zeros(GRAINS)
        self._all_follows = np.zeros((audiences.size, GRAINS), bool)
        self._known: list[int] = []
        self.given: list[frozenset[int]] = []
        self._random = np.random.default_rng(0)

    @property
    def _sizes(self) -> Array:
        """People in every kind, shape (n_kinds,)."""
        return self._all_sizes[: self._n]

    @property
    def _follows(self) -> Flags:
        """Whom every kind follows, shape (n_creators, n_kinds)."""
        return self._all_follows[:, : self._n]

    def _append(self, sizes: Array, follows: Flags) -> None:
        """Add kinds; room is made for twice as many when it runs out."""
        end = self._n + sizes.size
        if end > self._all_sizes.size:
            more = 2 * end - self._all_sizes.size
            self._all_sizes = np.concatenate([self._all_sizes, np.zeros(more)])
            empty = np.zeros((self._audiences.size, more), bool)
            self._all_follows = np.hstack([self._all_follows, empty])
        self._all_sizes[self._n : end] = sizes
        self._all_follows[:, self._n : end] = follows
        self._n = end

    def kinds(self) -> Kinds:
        """Return the kinds, and those who follow nobody."""
        rest = max(self._universe - self._sizes.sum(), 0.0)
        nobody = np.zeros((self._audiences.size, 1), bool)
        return Kinds(np.append(self._sizes, rest), np.hstack([self._follows, nobody]))

    def add(self, i: int, shared: Mapping[int, float]) -> None:
        """Choose who follows one more creator."""
        partners = [j for j in self._known if j in shared]
        concerned = np.asarray(self._follows[partners].any(axis=0), bool)
        taken = self._at_random(i, partners, shared, concerned)
        fresh = self._audiences[i] - self._sizes @ taken
        room = self._universe - self._sizes.sum()
        if concerned.any():
            share, fresh = self._chosen(i, partners, shared, concerned, fresh, room)
            taken[concerned] = share
        self._split(i, taken)
        self._grow(i, fresh)
        self._known.append(i)

    def _at_random(
        self, i: int, partners: list[int], shared: Mapping[int, float], concerned: Flags
    ) -> Array:
        """Return who follows her among those she shares nothing given with: a random part.

        Whole kinds as far as they go, so that one at most is split: there would be ever more.
        """
        taken = np.zeros(self._sizes.size)
        others = self._random.permutation(np.flatnonzero(~concerned))
        if others.size == 0:
            return taken
        free = max(self._audiences[i] - sum(shared[j] for j in partners), 0.0)
        share = min(free / max(self._universe - self._sizes @ concerned, free), 1.0)
        sizes = self._sizes[others]
        before = np.cumsum(sizes) - sizes
        taken[others] = np.clip((share * sizes.sum() - before) / sizes, 0.0, 1.0)
        return taken

    def _chosen(
        self,
        i: int,
        partners: list[int],
        shared: Mapping[int, float],
        concerned: Flags,
        wanted: float,
        room: float,
    ) -> tuple[Array, float]:
        """Return the share of every concerned kind that follows her, and how many others do."""
        sizes = self._sizes[concerned] / self._audiences[i]
        n = sizes.size
        rows = csr_array(self._follows[partners][:, concerned] * sizes)
        levels = np.array([shared[j] for j in partners]) / self._audiences[i]
        m = len(partners)
        taste = self._random.logistic(size=n) * sizes
        # columns: share of each kind, too few, too many (per pair), fresh people
        miss = np.array([PENALTY if j in self.given[i] else GUESSED for j in partners])
        cost = np.concatenate([-taste, miss, miss, [0.0]])
        pairs = hstack([rows, eye_array(m), -eye_array(m), csr_array((m, 1))])
        whole = csr_array(np.concatenate([sizes, np.zeros(2 * m), [1.0]])[None, :])
        ceilings, most = self._ceilings(i, partners, concerned, sizes, 2 * m + 1)
        bounds = np.zeros((n + 2 * m + 1, 2))
        bounds[:n, 1], bounds[n:-1, 1] = 1.0, np.inf
        bounds[-1, 1] = max(room, 0.0) / self._audiences[i]
        found = linprog(  # type: ignore[call-overload]
            cost,
            A_ub=ceilings,
            b_ub=most,
            A_eq=csr_array(vstack([pairs, whole])),
            b_eq=np.append(levels, wanted / self._audiences[i]),
            bounds=bounds,
            method="highs",
        )
        if found.x is None:
            raise ValueError("the audiences do not fit into the universe together")
        return np.clip(found.x[:n], 0.0, 1.0), float(found.x[-1]) * float(self._audiences[i])

    def _ceilings(
        self, i: int, partners: list[int], concerned: Flags, sizes: Array, more: int
    ) -> tuple[csr_array | None, Array | None]:
        """Return the rows that hold pairs which are not given below their share."""
        others = [j for j in self._known if j not in partners]
        if self._at_most is None or not others:
            return None, None
        rows = self._follows[others][:, concerned] * sizes
        most = self._at_most * np.minimum(self._audiences[others] / self._audiences[i], 1.0)
        matter = rows.sum(axis=1) > most
        if not matter.any():
            return None, None
        rows = np.hstack([rows[matter], np.zeros((int(matter.sum()), more))])
        return csr_array(rows), most[matter]

    def _split(self, i: int, taken: Array) -> None:
        """Let shares of kinds follow her: a share that is neither none nor all makes two kinds."""
        some = np.flatnonzero((taken > EDGE) & (taken < 1 - EDGE))
        self._follows[i, taken >= 1 - EDGE] = True
        twins = self._follows[:, some].copy()
        twins[i] = True
        moved = self._sizes[some] * taken[some]
        self._sizes[some] -= moved
        self._append(moved, twins)

    def _grow(self, i: int, people: float) -> None:
        """Let people who follow nobody yet follow her."""
        if people <= EDGE * self._audiences[i]:
            return
        fresh = np.zeros((self._audiences.size, GRAINS), bool)
        fresh[i] = True
        self._append(np.full(GRAINS, people / GRAINS), fresh)
