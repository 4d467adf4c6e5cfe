"""Closed-form matting: the same answer as the published formulation, and nothing eaten where colours decide nothing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.sparse.linalg import spsolve

from inference.ops.foreground import foreground_colours
from inference.ops.laplacian import solve_unknown
from inference.ops.pyramid import alpha_along_outline
from inference.types import F32, U8, Mask
from tests.bench.drawn_photos import draw


@pytest.mark.parametrize("share_known", [0.0, 0.3])
def test_it_solves_the_published_equations(share_known: float) -> None:
    """Also where known pixels lie scattered among the unknown ones."""
    from pymatting.laplacian.cf_laplacian import cf_laplacian

    photo = draw("plush", "leaves", side_px=320)
    window = np.s_[60:100, 100:150]
    rgb, truth = np.ascontiguousarray(photo.rgb[window]), photo.alpha[window].astype(np.float32) / np.float32(255)
    unknown = cv2.dilate(((truth > 0) & (truth < 1)).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    unknown &= np.random.default_rng(5).random(unknown.shape) >= share_known
    assert 100 < np.count_nonzero(unknown) < 0.9 * unknown.size
    laplacian = cf_laplacian(rgb / 255.0, epsilon=1e-6).tocsr()
    free, fixed = np.flatnonzero(unknown.ravel()), np.flatnonzero(~unknown.ravel())
    exact = spsolve(laplacian[free][:, free].tocsc(), -laplacian[free][:, fixed] @ truth.ravel()[fixed])
    solved = solve_unknown(rgb, truth, unknown, rounds=5000, tolerance=1e-9)
    assert np.abs(solved.ravel()[free] - np.clip(exact, 0, 1)).max() < 2e-3
    assert np.array_equal(solved[~unknown], truth[~unknown])


def white_jug_on_white() -> tuple[U8, F32]:
    """A body with a thin handle, two shades lighter than its ground, with grain; rgb and true alpha."""
    large = np.zeros((900, 900), np.float32)
    cv2.rectangle(large, (240, 240), (540, 720), 1, -1)
    cv2.ellipse(large, (540, 450), (150, 150), 0, -90, 90, 1, 27)
    alpha = cv2.resize(large, (300, 300), interpolation=cv2.INTER_AREA)
    shade = 232 + 8 * alpha[..., None] + np.random.default_rng(3).normal(0, 1.5, (300, 300, 3))
    return np.clip(np.rint(shade), 0, 255).astype(np.uint8), np.asarray(alpha, np.float32)


def test_a_thin_handle_of_a_white_jug_on_white_is_not_eaten() -> None:
    rgb, truth = white_jug_on_white()
    small = cv2.resize(truth, (150, 150), interpolation=cv2.INTER_AREA)
    mask: Mask = cv2.resize(small, (300, 300), interpolation=cv2.INTER_LINEAR) > 0.5
    alpha = alpha_along_outline(rgb, mask, coarse_px=2.0)
    ours, theirs = alpha > 0.5, truth > 0.5
    assert np.count_nonzero(ours & theirs) >= 0.97 * np.count_nonzero(ours | theirs)
    assert (alpha[140:160, 227:233] > 0.9).all()


def test_a_large_edge_says_how_far_it_is_and_ends_at_once_when_it_is_told_to() -> None:
    rgb, truth = white_jug_on_white()
    rgb, mask = (cv2.resize(layer, (1200, 1200), interpolation=cv2.INTER_LINEAR) for layer in (rgb, truth))
    done: list[float] = []
    alpha_along_outline(rgb, mask > 0.5, coarse_px=8.0, on_level=done.append)
    assert done == sorted(done)
    assert done == pytest.approx([1 / 21, 5 / 21, 1.0])

    class Stopped(Exception):
        pass

    def stop(share: float) -> None:
        done.append(share)
        raise Stopped

    done.clear()
    with pytest.raises(Stopped):
        alpha_along_outline(rgb, mask > 0.5, coarse_px=8.0, on_level=stop)
    assert len(done) == 1


def test_colours_of_the_soft_edge_lose_the_background() -> None:
    ramp = np.linspace(0, 1, 40, dtype=np.float32)
    share = np.concatenate([np.zeros(60, np.float32), ramp, np.ones(60, np.float32)])[None, :, None]
    share = np.repeat(share, 80, axis=0)
    product, ground = np.array([200, 40, 30], np.float32), np.array([20, 160, 60], np.float32)
    rgb = np.rint(share * product + (1 - share) * ground).astype(np.uint8)
    alpha = np.rint(share[..., 0] * 255).astype(np.uint8)
    colours = foreground_colours(rgb, alpha)
    soft = (alpha > 0) & (alpha < 255)
    seen = share[soft]  # an error is seen as far as the pixel is
    bled = (seen * np.abs(rgb[soft] - product)).max()
    assert bled > 40
    assert (seen * np.abs(colours[soft] - product)).max() <= bled / 3
    certain = (alpha == 0) | (alpha == 255)
    assert np.array_equal(colours[certain], rgb[certain])
