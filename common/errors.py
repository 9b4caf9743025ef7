"""The error that a user can fix, and the first line of any error's message."""


class UserError(Exception):
    """An error that the user can fix. The message says what is wrong and what to do."""

    def __str__(self):
        """The message in one line of at most 400 characters."""
        line = " ".join(super().__str__().split())
        return line if len(line) <= 400 else f"{line[:200]} ... {line[-190:]}"

    def _render_traceback_(self):
        """The lines that a notebook shows in place of a traceback."""
        return [str(self)]


def first_line(error):
    """The first line of an exception's message, without the full stop; its class if the message is empty."""
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
