"""How often what is dear is tried: a few times in the plain suite, as often as it needs with the slow tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Any, TypeVar

import hypothesis
import pytest

PLAIN, THOROUGH = "plain", "thorough"
"""Profiles of hypothesis: ``make test-slow`` asks for the second."""

Property = TypeVar("Property", bound=Callable[..., None])


def dear(examples: int, few: int, **more: Any) -> Callable[[Property], Property]:
    """Try the property with so many ``examples`` in the thorough profile, and with a ``few`` in the plain one.

    It is marked, so that it is run again where slow tests are. ``more`` are other settings of hypothesis.
    """
    is_thorough = hypothesis.settings.get_current_profile_name() == THOROUGH

    def tried(test: Property) -> Property:
        settings = hypothesis.settings(max_examples=examples if is_thorough else few, **more)
        return pytest.mark.dear(settings(test))

    return tried


def some_of(values: Sequence[Any], *plain: Any) -> list[Any]:
    """Return the values of a parameter: those that are ``plain`` as they are, all others among the slow tests."""
    return [value if value in plain else pytest.param(value, marks=pytest.mark.slow) for value in values]


def seeds(count: int, few: int) -> pytest.MarkDecorator:
    """Try a test with so many values of ``seed``, all but a ``few`` among the slow tests."""
    return pytest.mark.parametrize("seed", some_of(range(count), *range(few)))


def orders(count: int) -> pytest.MarkDecorator:
    """Try a test with each ``order`` of so many numbers; in the plain suite each of them is first once, and last once."""
    turned = (tuple((first + place) % count for place in range(count)) for first in range(count))
    return pytest.mark.parametrize("order", some_of(list(permutations(range(count))), *turned))
