"""Adapters as Studio offers them: what can be trained now, within which bounds, and which ones a scene may use.

An adapter works on the model that it was trained on and on no other; it is offered while a worker has that model, in
the revision that it learned on.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.errors import InvalidInput
from apps.jobs import stations
from apps.jobs.stations import Offer
from apps.studio.models import Adapter
from inference.adapters import AdapterPlan
from inference.errors import InputRejected
from inference.models import model_card
from inference.scene import check_prompt

KIND = "studio.adapter"
FEWEST_PICTURES, MOST_PICTURES = 4, 40
MOST_ADAPTERS = 50
MOST_OPEN = 3
MOST_NAME, MOST_SUBJECT, MOST_CAPTION = 60, 80, 200
STEPS: dict[int, str | Promise] = {200: _("Short"), 400: _("Medium"), 600: _("Usual"), 1000: _("Long")}
RANKS: dict[int, str | Promise] = {8: _("Small"), 16: _("Usual"), 32: _("Fine")}
SIZE_PX = 512
RATE = AdapterPlan.rate
SAVE_EVERY = AdapterPlan.save_every
WEIGHT = 0.9
"""How strongly a scene uses an adapter."""

TRIGGER = re.compile(r"[a-z][a-z0-9]{2,23}")
SYLLABLES = ("ba", "do", "fi", "ke", "lu", "mo", "ni", "pa", "ri", "so", "tu", "ve", "wi", "xo", "za")
FIELD_OF = {
    "adapter.no_name": "name",
    "adapter.bad_trigger": "trigger",
    "adapter.no_subject": "subject",
    "adapter.pictures": "pictures",
    "adapter.caption_too_long": "pictures",
    "adapter.bad_plan": "steps",
    "adapter.not_trainable": "model",
    "generate.unknown_model": "model",
}


@dataclass(frozen=True)
class Wanted:
    """What a form asks for. ``pictures`` are ids of assets with words of their own, which may be empty."""

    name: str
    trigger: str
    subject: str
    model: str
    pictures: tuple[tuple[str, str], ...]
    steps: int = 600
    rank: int = 16

    def plan(self, seed: int) -> dict[str, Any]:
        """The library's plan, complete."""
        return asdict(
            AdapterPlan(
                steps=self.steps,
                rank=self.rank,
                alpha=float(self.rank),
                rate=RATE,
                size_px=SIZE_PX,
                seed=seed,
                save_every=SAVE_EVERY,
            )
        )


def read_wanted(data: QueryDict) -> Wanted:
    """What a browser sent, checked.

    Raises:
        InvalidInput: ``adapter.no_name``, ``adapter.bad_trigger``, ``adapter.no_subject``, ``adapter.pictures``,
            ``adapter.caption_too_long``, ``adapter.bad_plan``, or what the policy says of the words (``prompt.*``).
    """
    ids = tuple(dict.fromkeys(data.getlist("picture")))
    wanted = Wanted(
        name=data.get("name", "").strip(),
        trigger=data.get("trigger", "").strip().lower(),
        subject=" ".join(data.get("subject", "").split()),
        model=data.get("model", ""),
        pictures=tuple((one, " ".join(data.get(f"caption-{one}", "").split())) for one in ids),
        steps=_choice(data.get("steps", "600"), STEPS),
        rank=_choice(data.get("rank", "16"), RANKS),
    )
    _check(wanted)
    return wanted


def _choice(text: str, choices: Iterable[int]) -> int:
    if text not in {str(choice) for choice in choices}:
        raise InvalidInput("adapter.bad_plan")
    return int(text)


def _check(wanted: Wanted) -> None:
    check_name(wanted.name)
    if not TRIGGER.fullmatch(wanted.trigger):
        raise InvalidInput("adapter.bad_trigger")
    if not 0 < len(wanted.subject) <= MOST_SUBJECT:
        raise InvalidInput("adapter.no_subject", most=MOST_SUBJECT)
    if not FEWEST_PICTURES <= len(wanted.pictures) <= MOST_PICTURES:
        raise InvalidInput("adapter.pictures", fewest=FEWEST_PICTURES, most=MOST_PICTURES, count=len(wanted.pictures))
    captions = [caption for _, caption in wanted.pictures]
    if any(len(caption) > MOST_CAPTION for caption in captions):
        raise InvalidInput("adapter.caption_too_long", most=MOST_CAPTION)
    try:
        for text in (wanted.trigger, wanted.subject, *captions):
            check_prompt(text)
    except InputRejected as error:
        raise InvalidInput(error.code, **error.params) from error


def check_name(name: str) -> str:
    """Raises InvalidInput ``adapter.no_name``."""
    if not 0 < len(name) <= MOST_NAME:
        raise InvalidInput("adapter.no_name", most=MOST_NAME)
    return name


def field_of(code: str) -> str:
    """The field of the form that an error is about; empty where it is about the whole."""
    return "subject" if code.startswith("prompt.") else FIELD_OF.get(code, "")


def fresh_trigger() -> str:
    """A word that means nothing yet, so that a model can learn it."""
    return "".join(secrets.choice(SYLLABLES) for _ in range(3))


def trainable() -> list[Offer]:
    """Models that a living worker can train adapters for."""
    return [offer for offer in stations.offers() if offer.can_learn]


def caption_of(subject: str, own: str) -> str:
    """What a picture shows, in the words that go with it."""
    return own or f"a photo of {subject}"


def usable(workspace: Workspace, offers: Sequence[Offer]) -> list[tuple[Adapter, Offer]]:
    """The workspace's adapters that somebody can draw with now, the newest first, each with its model."""
    by_name = {offer.name: offer for offer in offers}
    found = Adapter.objects.filter(workspace=workspace, blob__isnull=False, retired_at=None, model__in=by_name)
    rows = [(adapter, by_name[adapter.model]) for adapter in found.select_related("blob").order_by("-created_at")]
    return [(adapter, offer) for adapter, offer in rows if fits(adapter, offer)]


def fits(adapter: Adapter, offer: Offer) -> bool:
    """Whether the model that is offered is the one that the adapter learned on."""
    learned_on = str(adapter.recipe.get("model", {}).get("revision", ""))
    return adapter.model == offer.name and (not learned_on or not offer.revision or learned_on == offer.revision)


def model_title(name: str) -> str:
    """What people call a model; its name where it is gone."""
    try:
        return model_card(name).title
    except InputRejected:
        return name


def curve(losses: Sequence[float], *, points: int = 60) -> list[float]:
    """Losses as ``points`` means of neighbours: steps differ by their noise level more than by what was learned."""
    if len(losses) <= points:
        return [round(loss, 5) for loss in losses]
    edges = [round(index * len(losses) / points) for index in range(points + 1)]
    parts = [losses[low:high] for low, high in pairwise(edges)]
    return [round(sum(part) / len(part), 5) for part in parts]


def posted_values(data: Mapping[str, str]) -> dict[str, Any]:
    """What somebody had typed, to be shown again beside what is wrong with it."""
    return {name: data.get(name, "") for name in ("name", "trigger", "subject", "model", "steps", "rank")}
