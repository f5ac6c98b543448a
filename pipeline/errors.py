"""What can go wrong, by what the reader of the message can do about it.

    FerryError                the message is a sentence for people, with the way out
    ├── InputError            what a person gave cannot be used; they can change it
    ├── RefusedError          what a person asked is not allowed; says who may
    ├── TemporaryError        worth trying again without changing anything
    └── PermanentError        trying again is useless until someone changes something
        └── AccessError       that is the operator's credentials or rights; what was begun before can go on afterwards

Everything else that is raised is a bug: it becomes a reference id for the person and a stack trace in the log.
"""


class FerryError(Exception):
    """An error whose text is a sentence for people, naming the way out; never holds secrets or sample texts."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InputError(FerryError):
    """What a person gave (file, field, command) cannot be used as it is."""


class RefusedError(FerryError):
    """What a person asked is not theirs to ask, or comes too late."""


class TemporaryError(FerryError):
    """A provider or the network failed in a way that may pass."""


class PermanentError(FerryError):
    """A provider or a configuration refuses; the same call will fail again."""


class AccessError(PermanentError):
    """Credentials are missing, have expired, or do not allow the call."""
