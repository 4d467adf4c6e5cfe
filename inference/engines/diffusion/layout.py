"""Which words may reach which cells: objects with boxes, as attention masks for the first steps.

In the early steps a cell inside an object's box hears the words of that object and the words that belong to nobody; a
cell outside hears only the latter. Cells of two objects' boxes do not see each other, so that neither takes over the
other's looks (bounded attention, Dahary et al. 2024, "Be Yourself"); what stands in no box sees all and is seen by all,
and words hear each other, so that the picture stays one.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from inference.engines.diffusion.text import PromptEncoder
from inference.errors import InputRejected
from inference.generation import LayoutObject


def attention_mask(
    objects: Sequence[LayoutObject], words: Sequence[Tensor], length: int, grid: tuple[int, int]
) -> Tensor:
    """bool (1, L + N, L + N), True = may attend, over [text | cells row by row].

    Args:
        objects: with boxes in fractions of the picture.
        words: per object, bool (length,): the tokens that speak of it.
        length: text tokens L.
        grid: rows and columns of cells; N is their product.
    """
    cells = grid[0] * grid[1]
    inside = [_cells_of(one, grid).flatten() for one in objects]
    hears = torch.ones(cells, length, dtype=torch.bool)
    for own_words in words:
        hears[:, own_words] = False
    for own_cells, own_words in zip(inside, words, strict=True):
        hears |= own_cells[:, None] & own_words[None]
    mask = torch.ones(1, length + cells, length + cells, dtype=torch.bool)
    mask[0, length:, :length] = hears
    mask[0, :length, length:] = hears.T
    mask[0, length:, length:] = _sees(inside)
    return mask


def _sees(inside: Sequence[Tensor]) -> Tensor | bool:
    """bool (N, N): cells that share a box, and those of which one is in none."""
    if not inside:
        return True
    member = torch.stack(list(inside)).float()
    free = member.sum(dim=0) == 0
    return (member.T @ member > 0) | free[:, None] | free[None]


def mask_of(prompts: PromptEncoder, prompt: str, objects: Sequence[LayoutObject], grid: tuple[int, int]) -> Tensor:
    """The mask of one item; all True where it has no objects.

    Raises:
        InputRejected: an object's phrase is not in the prompt (``generate.layout_phrase``).
    """
    words = []
    for one in objects:
        found = prompts.tokens_of(prompt, one.phrase)
        if not bool(found.any()):
            raise InputRejected(
                "generate.layout_phrase",
                f"the prompt does not say {one.phrase!r} within its first {prompts.length} tokens",
                phrase=one.phrase,
            )
        words.append(found)
    return attention_mask(objects, words, prompts.length, grid)


def _cells_of(one: LayoutObject, grid: tuple[int, int]) -> Tensor:
    """bool (rows, columns): cells whose centre lies in the box, and at least the one under the middle of the box."""
    (left, top, width, height), (rows, columns) = one.box, grid
    down = (torch.arange(rows) + 0.5) / rows
    across = (torch.arange(columns) + 0.5) / columns
    chosen = ((down >= top) & (down < top + height))[:, None] & ((across >= left) & (across < left + width))
    middle = min(int((top + height / 2) * rows), rows - 1), min(int((left + width / 2) * columns), columns - 1)
    chosen[middle] = True
    return chosen
