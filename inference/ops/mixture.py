"""Gaussian mixtures for colour and texture models, small, weighted and deterministic.

Initialised by binary splitting along principal axes (Orchard and Bouman, "Color quantization of images", 1991), then
expectation maximisation. No random numbers: the same samples give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference.types import F32, F64

_RIDGE = 1e-3
# Products this small stay on the calling thread in OpenBLAS; its pool only spins on work of this size.
_CHUNK = 190
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
        top = joint.max(axis=0)
        return np.asarray(top + np.log(np.exp(joint - top).sum(axis=0)), np.float32)

    def log_joint(self, samples: F32) -> F32:
        """Logarithm of weight times density for each Gaussian, float32 (K, N)."""
        count, dimensions = self.means.shape
        roots = np.linalg.inv(np.linalg.cholesky(self.covariances)).transpose(0, 2, 1)
        scales = np.log(self.weights) + np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
        side_by_side = roots.transpose(1, 0, 2).reshape(dimensions, count * dimensions).astype(np.float32)
        offsets = np.einsum("kd,kde->ke", self.means, roots).reshape(-1).astype(np.float32)
        summed = np.repeat(np.eye(count, dtype=np.float32), dimensions, axis=0) * np.float32(-0.5)
        joint = np.empty((count, len(samples)), np.float32)
        for start in range(0, len(samples), _CHUNK):
            distances = samples[start : start + _CHUNK] @ side_by_side
            distances -= offsets
            np.square(distances, out=distances)
            joint[:, start : start + _CHUNK] = (distances @ summed).T
        joint += (scales - 0.5 * dimensions * _LOG_2PI).astype(np.float32)[:, None]
        return joint

    def marginal(self, first: int) -> Mixture:
        """The mixture over the features from number ``first`` on, the others integrated out."""
        return Mixture(self.weights, self.means[:, first:], self.covariances[:, first:, first:])


def fit_mixture(samples: F32, weights: F32, *, components: int, rounds: int = 4) -> Mixture:
    """Fit by weighted EM.

    Args:
        samples: float32 (N, D), N >= 1; scale the features to comparable spread first.
        weights: float32 (N,), not negative, with a positive sum.
    """
    responsibilities = _split(samples, weights, components)
    mixture = _from_responsibilities(samples, responsibilities)
    for _ in range(rounds):
        joint = mixture.log_joint(samples)
        share = np.exp(joint - joint.max(axis=0))
        mixture = _from_responsibilities(samples, share / share.sum(axis=0) * weights)
    return mixture


def _split(samples: F32, weights: F32, components: int) -> F32:
    groups = [np.ones(len(samples), np.bool_)]
    while len(groups) < components:
        spreads = [_principal(samples[group], weights[group]) for group in groups]
        index = int(np.argmax([spread for spread, _, _ in spreads]))
        spread, axis, mean = spreads[index]
        if spread <= 0:
            break
        side = (samples - mean) @ axis > 0
        group = groups.pop(index)
        groups += [group & side, group & ~side]
    return np.stack([group * weights for group in groups]).astype(np.float32)


def _principal(samples: F32, weights: F32) -> tuple[float, F32, F32]:
    total = float(weights.sum())
    mean = (weights @ samples) / max(total, 1e-9)
    centred = samples - mean
    values, vectors = np.linalg.eigh((centred * weights[:, None]).T @ centred)
    if len(samples) < 8 or values[-1] <= 1e-6 * max(total, 1e-9):
        return 0.0, vectors[:, -1], mean
    return float(values[-1]), vectors[:, -1], mean


def _from_responsibilities(samples: F32, responsibilities: F32) -> Mixture:
    totals = responsibilities.sum(axis=1, dtype=np.float64)
    kept = totals > 1e-6 * max(float(totals.sum()), 1e-9)
    shares, totals = responsibilities[kept].astype(np.float64), totals[kept]
    dimensions = samples.shape[1]
    centre = samples.mean(axis=0, dtype=np.float64)
    centred = samples - centre
    means = (shares @ centred) / totals[:, None]
    products = (centred[:, :, None] * centred[:, None, :]).reshape(len(samples), -1)
    second = np.einsum("kn,nm->km", shares, products).reshape(-1, dimensions, dimensions) / totals[:, None, None]
    covariances = second - means[:, :, None] * means[:, None, :] + _RIDGE * np.eye(dimensions)
    return Mixture(totals / totals.sum(), means + centre, covariances)
