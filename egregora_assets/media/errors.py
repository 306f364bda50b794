"""What the user of media commands can do something about; each message says what happened and what to do."""


class NotSanitised(ValueError):
    """The file cannot be cleaned for certain, so it must not be published; the message says why."""


class CollectionRefused(RuntimeError):
    """So much would go that something else is wrong; the message says what, and what to do."""


class FolderRefused(ValueError):
    """A folder cannot be imported; the message says why, and what to do."""


class UnknownFile(ValueError):
    """No file, or more than one, is called as somebody asked; the message says which name, and what to do."""
