"""What may be spent: each request reserves what it may cost at most before it is made, so requests at once never spend too much."""

from __future__ import annotations

import math
from dataclasses import dataclass

from egregora_assets.config import LanguageModelSettings

_BYTES_A_TOKEN = 3
"""Few enough that the guess is too high rather than too low."""
_MILLION = 1_000_000


@dataclass(frozen=True)
class Cost:
    """Tokens sent and answered, and their price."""

    input_tokens: int = 0
    output_tokens: int = 0
    money: float = 0.0

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


class Budget:
    """The limits of the settings, with what this day has cost before (tokens, money)."""

    def __init__(self, settings: LanguageModelSettings, tokens_today: int, money_today: float) -> None:
        self._settings = settings
        self._today, self._money = tokens_today, money_today
        self._run = 0

    def cost(self, input_tokens: int, output_tokens: int) -> Cost:
        prices = (self._settings.input_price or 0.0, self._settings.output_price or 0.0)
        return Cost(input_tokens, output_tokens, (input_tokens * prices[0] + output_tokens * prices[1]) / _MILLION)

    def guess(self, sent_bytes: int) -> Cost:
        """Return what a request of so many bytes may cost at most."""
        return self.cost(math.ceil(sent_bytes / _BYTES_A_TOKEN), self._settings.max_answer_tokens)

    def reserve(self, cost: Cost) -> bool:
        """Count a request that is about to be made; false where there is no room for it, which is then not counted."""
        if self._lacks_room(cost):
            return False
        self._add(cost, 1)
        return True

    def settle(self, reserved: Cost, spent: Cost) -> None:
        """Put what a request has cost in place of what was reserved for it."""
        self._add(reserved, -1)
        self._add(spent, 1)

    @property
    def left(self) -> dict[str, float]:
        """What is left of each limit that is set."""
        chosen = self._settings
        limits = {
            "tokens_left_in_this_run": (chosen.max_tokens_a_run, self._run),
            "tokens_left_today": (chosen.max_tokens_a_day, self._today),
            "money_left_today": (chosen.max_money_a_day, self._money),
        }
        return {name: max(0, limit - spent) for name, (limit, spent) in limits.items() if limit is not None}

    def _add(self, cost: Cost, sign: int) -> None:
        self._run += sign * cost.tokens
        self._today += sign * cost.tokens
        self._money += sign * cost.money

    def _lacks_room(self, cost: Cost) -> bool:
        chosen = self._settings
        wanted = (
            (chosen.max_tokens_a_run, self._run + cost.tokens),
            (chosen.max_tokens_a_day, self._today + cost.tokens),
            (chosen.max_money_a_day, self._money + cost.money),
        )
        return any(limit is not None and spent > limit for limit, spent in wanted)
