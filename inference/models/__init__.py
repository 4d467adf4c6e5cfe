"""Which models there are, what they need and what one may do with them: data that any process can read."""

from inference.models.cards import ModelCard, PartCard, fetch_command, model_card, model_cards, part_card, part_cards

__all__ = ["ModelCard", "PartCard", "fetch_command", "model_card", "model_cards", "part_card", "part_cards"]
