"""The errors a person or a program can cause, and the HTTP status each becomes.

DomainError                 409  a rule of the field was broken
  InvalidTransitionError    409  the current state does not allow this change
  StaleVersionError         409  somebody else saved first
InvalidInputError           400  a field is missing or wrong

The message of each is fit to show to whoever caused it.
"""


class DomainError(Exception):
    """A rule of the field was broken; the message is safe to show to the user."""

    status = 409


class InvalidTransitionError(DomainError):
    """The object's current state does not allow this change."""

    def __init__(self, message: str, *, current: str = "") -> None:
        super().__init__(message)
        self.current = current


class StaleVersionError(DomainError):
    """Somebody saved a newer version; `current` holds what is stored now."""

    def __init__(self, message: str, *, current: object) -> None:
        super().__init__(message)
        self.current = current


class InvalidInputError(Exception):
    """A request that cannot be accepted as it stands.

    `errors` maps each field to what is wrong with it and what is wanted:
    {"severity": ["'bad' is not one of critical, error, warning, info."]}.
    """

    status = 400

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("; ".join(f"{k}: {' '.join(v)}" for k, v in errors.items()))
        self.errors = errors
