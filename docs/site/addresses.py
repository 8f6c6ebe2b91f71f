"""Where the project is kept, if that is known: links to its lines, and to machines to run it on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from vssl.errors import VsslError


@dataclass(frozen=True)
class Addresses:
    """Links into the repository; each is empty where no address is known."""

    repository: str = ""  # such as https://github.com/you/vssl
    branch: str = "main"

    def __post_init__(self) -> None:
        if self.repository and not re.fullmatch(r"https://[\w.-]+(/[\w.-]+){2,}", self.repository):
            raise VsslError(
                f"{self.repository!r} is no address of a repository; give one such as"
                " https://github.com/you/vssl, without a slash at its end"
            )

    def file(self, path: str, line: int = 0) -> str:
        """A file of the repository, or a line of it."""
        if not self.repository:
            return ""
        return f"{self.repository}/blob/{self.branch}/{path}" + (f"#L{line}" if line else "")

    def colab(self, path: str) -> str:
        """A notebook in Google Colab, which reads from GitHub."""
        name = self._on_github()
        return name and f"https://colab.research.google.com/github/{name}/blob/{self.branch}/{path}"

    def binder(self, path: str) -> str:
        """A notebook on mybinder.org."""
        name = self._on_github()
        opened = quote(path, safe="")
        return name and f"https://mybinder.org/v2/gh/{name}/{self.branch}?labpath={opened}"

    def _on_github(self) -> str:
        found = re.fullmatch(r"https://github\.com/([^/]+/[^/]+)", self.repository)
        return found[1] if found else ""
