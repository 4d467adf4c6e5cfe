"""Gaussian mixtures for colour and texture models, small, weighted and deterministic.

Initialised by binary splitting along principal axes (Orchard and Bouman, "Color quantization of images", 1991), then
expectation maximisation. No random numbers: the same samples give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference.types import F32, F64

_RIDGE = 1e-3
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
        joint = np.empty((len(self.means), len(samples)), np.float32)
        for k, covariance in enumerate(self.covariances):
            root = np.linalg.inv(np.linalg.cholesky(covariance)).T
            scale = np.log(self.weights[k]) + np.log(np.diag(root)).sum() - 0.5 * len(root) * _LOG_2PI
            distance = (samples - self.means[k].astype(np.float32)) @ root.astype(np.float32)
            joint[k] = np.float32(scale) - np.float32(0.5) * np.einsum("nd,nd->n", distance, distance)
        return joint

    def marginal(self, first: int) -> Mixture:
        """The mixture over the features from number ``first`` on, the others integrated out."""
        return Mixture(self.weights, self.means[:, first:], self.covariances[:, first:, first:])


def fit_mixture(samples: F32, weights: F32, *, components: int, rounds: int = 6) -> Mixture:
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
    responsibilities, totals = responsibilities[kept], totals[kept]
    means = (responsibilities @ samples) / totals[:, None]
    covariances = np.empty((len(totals), samples.shape[1], samples.shape[1]))
    for k, (share, total) in enumerate(zip(responsibilities, totals, strict=True)):
        centred = samples - means[k]
        covariances[k] = (centred * share[:, None]).T @ centred / total + _RIDGE * np.eye(samples.shape[1])
    return Mixture(totals / totals.sum(), means, covariances)
