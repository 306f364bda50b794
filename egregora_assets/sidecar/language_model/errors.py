"""What can go wrong when a model is asked; none of it takes the rules' sidecar away."""

from __future__ import annotations


class NoLanguageModel(RuntimeError):
    """The model of the settings cannot be asked; the message says what to do."""


class RequestFailed(RuntimeError):
    """Nothing came back that can be read.

    ``passes`` says that it may be otherwise when asked again, after ``wait`` seconds if the service said so; ``stops`` that any
    other request would fail as well; ``may_cost`` that it was sent, and may have to be paid for.
    """

    def __init__(
        self, kind: str, *, passes: bool, stops: bool = False, wait: float = 0.0, may_cost: bool = False
    ) -> None:
        super().__init__(kind)
        self.kind, self.passes, self.stops, self.wait, self.may_cost = kind, passes, stops, wait, may_cost
