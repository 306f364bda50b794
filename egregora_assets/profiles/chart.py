"""Numbers of messages by hour and weekday as an SVG file: two rows of bars, without script, style sheet or link."""

from __future__ import annotations

from collections.abc import Sequence

_WIDTH, _BAR, _TOP, _GAP = 560, 90, 18, 40
_BARS, _WORDS = "#4c78a8", "#7a7a7a"
"""Colours that can be read on white and on black."""
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def activity_chart(by_hour: Sequence[int], by_weekday: Sequence[int]) -> str:
    """Return an SVG document that shows 24 numbers by hour and 7 by weekday, Monday first; each bar has its number as title."""
    hours = [f"{hour:02}" for hour in range(24)]
    height = 2 * (_TOP + _BAR) + _GAP + 20
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" font-family="sans-serif" font-size="11" fill="{_WORDS}">\n'
        "<title>Messages by hour and by weekday</title>\n"
        f"{_row('Messages by hour', hours, by_hour, 0)}"
        f"{_row('Messages by weekday', WEEKDAYS, by_weekday, _TOP + _BAR + _GAP)}"
        "</svg>\n"
    )


def _row(heading: str, names: Sequence[str], counts: Sequence[int], top: int) -> str:
    step, most = _WIDTH / len(counts), max([*counts, 1])
    bottom = top + _TOP + _BAR
    parts = [f'<text x="0" y="{top + 11}">{heading}, at most {max(counts):,}</text>\n']
    for number, (name, count) in enumerate(zip(names, counts, strict=True)):
        tall = round(count / most * (_BAR - 4), 1)
        left = round(number * step + step * 0.1, 1)
        parts.append(
            f'<rect x="{left}" y="{round(bottom - tall, 1)}" width="{round(step * 0.8, 1)}" height="{tall}" fill="{_BARS}">'
            f"<title>{name}: {count}</title></rect>\n"
            f'<text x="{round((number + 0.5) * step, 1)}" y="{bottom + 14}" text-anchor="middle">{name}</text>\n'
        )
    return "".join(parts)
