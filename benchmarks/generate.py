"""Seeded generator of realistic WhatsApp exports, the input of every benchmark.

``python -m benchmarks.generate OUT.zip --messages 100000`` writes an Android export with notices, media lines, multi-line
bodies, emoji, right-to-left names, phone numbers and a time that looks like a header inside a message.
"""

from __future__ import annotations

import argparse
import random
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

FIRST_NAMES = (
    "Beatriz Caio Davi Elisa Fabio Gabriela Heitor Isadora Joaquim Katia Leandro Marina Nelson Olivia "
    "Paulo Quiteria Rafael Sabrina Tomas Ursula Valter Wagner Ximena Yolanda Zeca Amir دانا נועה Jürgen Zoë"
).split()
LAST_NAMES = (
    "Almeida Barros Campos Duarte Esteves Fontes Guerra Holanda Iglesias Jardim Klein Lopes Menezes Nobre".split()
)
WORDS = (
    "the a to of and in that it is was for on with as be at this have from or one had by word but not what all "
    "were we when your can said there use an each which she do how their if will up other about out many then them "
    "these so some her would make like him into time has look two more write go see number no way could people my "
    "than first water been call who oil its now find long down day did get come made may part meeting release branch "
    "budget picnic garden ticket server index garlic mountain cinema recipe invoice deploy harbour violin lantern "
    "reunião amanhã projeto código prazo jantar ônibus feira viagem horário dúvida ação página também não você"
).split()
EMOJI = "😀 😂 ❤️ 👍 🎉 🤔 🙏 🔥 👩🏻‍⚖️ 🇧🇷".split()


_WAKING_HOUR = 7


def authors(count: int, rng: random.Random) -> list[str]:
    """Return ``count`` distinct display names; one in ten is an unsaved phone number."""
    names: list[str] = []
    while len(names) < count:
        if rng.random() < 0.1:
            name = f"+55 11 9{rng.randint(1000, 9999)}-{rng.randint(1000, 9999)}"
        else:
            name = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
        if name not in names:
            names.append(name)
    return names


def body(rng: random.Random, people: list[str]) -> str:
    """Return the text of one message: words, with the odd question, link, address or pasted log."""
    chance = rng.random()
    if chance < 0.08:
        return "<Media omitted>"
    text = " ".join(rng.choices(WORDS, k=max(1, int(rng.expovariate(1 / 10)))))
    if chance < 0.18:
        return text + "\n" + "\n".join(" ".join(rng.choices(WORDS, k=6)) for _ in range(rng.randint(1, 6)))
    if chance < 0.26:
        return text + "?"
    if chance < 0.30:
        return f"{text} https://example.org/{rng.choice(WORDS)}/{rng.randint(1, 9999)}"
    if chance < 0.32:
        return f"{text} write to {rng.choice(WORDS)}.{rng.randint(1, 99)}@example.com or call (11) 9{rng.randint(1000, 9999)}-1234"
    if chance < 0.34:
        return f"decided: we go with {text}"
    if chance < 0.35:
        return f"log said 10:31 - {rng.choice(people)}: {text}"
    if chance < 0.36:
        return f"see src/{rng.choice(WORDS)}/{rng.choice(WORDS)}.py:{rng.randint(1, 300)}"
    if chance < 0.45:
        return f"{text} {rng.choice(EMOJI)}"
    return text


def _next_moment(clock: datetime, rng: random.Random) -> datetime:
    """Return when the next message is sent: bursts, pauses of some hours, and nights in which people sleep."""
    gap = rng.expovariate(1 / 2.0) if rng.random() < 0.97 else rng.uniform(30, 300)
    moment = clock + timedelta(minutes=gap)
    if moment.hour < _WAKING_HOUR:
        moment = moment.replace(hour=_WAKING_HOUR, minute=rng.randint(0, 59))
    return moment


def lines(messages: int, seed: int = 7, people_count: int = 40, people_seed: int | None = None) -> Iterator[str]:
    """Yield the lines of one Android chat, oldest first, in the day-first 24-hour dialect; the first day already tells."""
    rng = random.Random(seed)
    people = authors(people_count, rng if people_seed is None else random.Random(people_seed))
    clock = datetime(2005, 1, 14, 8, 0)
    yield f"{clock:%d/%m/%Y, %H:%M} - Messages and calls are end-to-end encrypted. Tap to learn more.\n"
    for _ in range(messages - 1):
        clock = _next_moment(clock, rng)
        stamp = f"{clock:%d/%m/%Y, %H:%M} - "
        if rng.random() < 0.015:
            yield f"{stamp}{rng.choice(people)} added {rng.choice(people)}\n"
        else:
            yield f"{stamp}{rng.choice(people)}: {body(rng, people)}\n"


def write_zip(path: Path, messages: int, seed: int = 7, people_count: int = 40, people_seed: int | None = None) -> Path:
    """Write the chat as a WhatsApp export ZIP and return its path; chats of one ``people_seed`` have the same people."""
    member = zipfile.ZipInfo(f"{path.stem}.txt", date_time=(2026, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w") as archive, archive.open(member, "w", force_zip64=True) as stream:
        block: list[str] = []
        for line in lines(messages, seed, people_count, people_seed):
            block.append(line)
            if len(block) == 10_000:
                stream.write("".join(block).encode())
                block.clear()
        stream.write("".join(block).encode())
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    write_zip(arguments.out, arguments.messages, arguments.seed)


if __name__ == "__main__":
    main()
