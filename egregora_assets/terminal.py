"""Text of people on a terminal: shown as it is, never obeyed."""


def plain(text: str) -> str:
    """Escape what rich would take for markup, and what a terminal would take for a command."""
    visible = "".join(character if character.isprintable() or character == "\n" else "�" for character in text)
    return visible.replace("[", r"\[")
