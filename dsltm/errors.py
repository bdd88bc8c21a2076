"""The one error type that people see."""


class DsltmError(Exception):
    """What went wrong, in one sentence for a person; printed once, by the command line.

    Args:
        message: the sentence, naming the file and line where there is one.
        hint: what to try instead, a half sentence that follows ", try".
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message}, try {self.hint}" if self.hint else message


class UsageError(DsltmError):
    """The command line itself is wrong."""

    exit_code = 2
