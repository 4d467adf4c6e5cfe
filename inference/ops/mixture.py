"""Gaussian mixtures for colour and texture models, small, weighted and deterministic.

Initialised by binary splitting along principal axes (Orchard and Bouman, "Color quantization of images", 1991), then
expectation maximisation. No random numbers: the same samples give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from inference.types import F32, F64

_RIDGE = 1e-3
_CHUNK = 512
_BLOCK = 8192  # what is between two steps stays in the processor's cache
_BLAS_THREADS_FROM = 200_000
_HALF = np.float32(0.5)
_LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class Mixture:
    """``K`` full-covariance Gaussians over ``D`` features: weights (K,), means (K, D), covariances (K, D, D)."""

    weights: F64
    means: F64
    covariances: F64

    def log_density(self, samples: F32) -> F32:
        """Natural logarithm of the density at each row of ``samples`` (N, D), float32 (N,)."""
        joint = self.log_joint(samples)
        density = np.empty(joint.shape[1], np.float32)
        for start in range(0, len(density), _BLOCK):
            part = joint[:, start : start + _BLOCK]
            top = part.max(axis=0)
            density[start : start + _BLOCK] = top + np.log(np.exp(part - top).sum(axis=0))
        return density

    def log_joint(self, samples: F32) -> F32:
        """Logarithm of weight times density for each Gaussian, float32 (K, N)."""
        return self._joint_of(np.ascontiguousarray(samples.T))

    def _joint_of(self, planes: F32) -> F32:
        """``log_joint`` of samples that lie as planes (D, N)."""
        dimensions = self.means.shape[1]
        roots = np.linalg.inv(np.linalg.cholesky(self.covariances))
        scales = np.log(self.weights) + np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
        scales -= 0.5 * dimensions * _LOG_2PI
        offsets = np.einsum("ked,kd->ke", roots, self.means)
        return _joint(planes, roots.astype(np.float32), offsets.astype(np.float32), scales.astype(np.float32))

    def marginal(self, first: int) -> Mixture:
        """The mixture over the features from number ``first`` on, the others integrated out."""
        return Mixture(self.weights, self.means[:, first:], self.covariances[:, first:, first:])


@numba.njit(cache=True, nogil=True)
def _joint(planes: F32, roots: F32, offsets: F32, scales: F32) -> F32:
    """scale - |root @ sample - offset|^2 / 2 for lower triangular roots; (D, N) -> (K, N). Runs along N: vectorises."""
    dimensions, total = planes.shape
    joint = np.empty((len(roots), total), np.float32)
    spare = np.empty(min(_CHUNK, total), np.float32)
    for start in range(0, total, _CHUNK):
        across = spare[: min(_CHUNK, total - start)]
        for k in range(len(roots)):
            out = joint[k, start : start + _CHUNK]
            out[:] = scales[k]
            for row in range(dimensions):
                across[:] = -offsets[k, row]
                for column in range(row + 1):
                    factor, values = roots[k, row, column], planes[column, start : start + _CHUNK]
                    for n in range(len(across)):
                        across[n] += factor * values[n]
                for n in range(len(across)):
                    out[n] -= _HALF * across[n] * across[n]
    return joint


def fit_mixture(samples: F32, weights: F32, *, components: int, rounds: int = 4) -> Mixture:
    """Fit by weighted EM.

    Args:
        samples: float32 (N, D), N >= 1; scale the features to comparable spread first.
        weights: float32 (N,), not negative, with a positive sum.
    """
    centre = samples.mean(axis=0, dtype=np.float64)
    products, planes = _products((samples - centre).astype(np.float32)), np.ascontiguousarray(samples.T)
    mixture = _from_responsibilities(products, centre, _split(samples, weights, components))
    for _ in range(rounds):
        joint = mixture._joint_of(planes)
        share = np.exp(joint - joint.max(axis=0))
        mixture = _from_responsibilities(products, centre, share / share.sum(axis=0) * weights)
    return mixture


def _products(centred: F32) -> F32:
    """Features and the products of each two, float32 (N, D + D * (D + 1) / 2): what moments are summed from."""
    first, second = np.triu_indices(centred.shape[1])
    return np.hstack([centred, centred[:, first] * centred[:, second]])


def _split(samples: F32, weights: F32, components: int) -> F32:
    groups = [np.ones(len(samples), np.bool_)]
    spreads = [_principal(samples, weights)]
    while len(groups) < components:
        index = int(np.argmax([spread for spread, _, _ in spreads]))
        spread, axis, mean = spreads.pop(index)
        if spread <= 0:
            break
        side = (samples - mean) @ axis > 0
        group = groups.pop(index)
        halves = [group & side, group & ~side]
        groups += halves
        spreads += [_principal(samples[half], weights[half]) for half in halves]
    return np.stack([group * weights for group in groups]).astype(np.float32)


def _principal(samples: F32, weights: F32) -> tuple[float, F32, F32]:
    total = float(weights.sum())
    mean = (weights @ samples) / max(total, 1e-9)
    centred = samples - mean
    values, vectors = np.linalg.eigh((centred * weights[:, None]).T @ centred)
    if len(samples) < 8 or values[-1] <= 1e-6 * max(total, 1e-9):
        return 0.0, vectors[:, -1], mean
    return float(values[-1]), vectors[:, -1], mean


def _from_responsibilities(products: F32, centre: F64, responsibilities: F32) -> Mixture:
    totals = responsibilities.sum(axis=1, dtype=np.float64)
    kept = totals > 1e-6 * max(float(totals.sum()), 1e-9)
    shares, totals = responsibilities[kept], totals[kept]
    dimensions = len(centre)
    first, second = np.triu_indices(dimensions)
    moments = _summed(shares, products) / totals[:, None]
    means = moments[:, :dimensions]
    covariances = np.empty((len(totals), dimensions, dimensions))
    covariances[:, first, second] = covariances[:, second, first] = moments[:, dimensions:]
    covariances += _RIDGE * np.eye(dimensions) - means[:, :, None] * means[:, None, :]
    return Mixture(totals / totals.sum(), means + centre, covariances)


def _summed(shares: F32, columns: F32) -> F64:
    """``shares @ columns``, in pieces so small that OpenBLAS stays on the calling thread: its pool only spins here."""
    total = np.zeros((len(shares), columns.shape[1]))
    step = max(16, _BLAS_THREADS_FROM // (len(shares) * columns.shape[1]))
    for start in range(0, len(columns), step):
        total += shares[:, start : start + step] @ columns[start : start + step]
    return total
