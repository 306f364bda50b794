"""What can be told to the one who searches."""


class UnknownMessage(LookupError):
    """No message that is shown has this id."""
