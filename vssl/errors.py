"""The errors a user can cause: each carries one line that says what is wrong and what to do."""


class VsslError(Exception):
    """Something the user can mend; the command line prints its one line and exits with 2."""


class VideoError(VsslError):
    """A video file that cannot be read; names the file and what is wrong with it."""


class DataError(VsslError):
    """A dataset that is missing or incomplete; says where it was looked for and how to get it."""
