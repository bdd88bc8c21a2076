"""Where chat completions are asked for, and the key that goes there."""

import contextlib
import ipaddress
import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from dsltm.errors import UsageError

OWN_KEY, OPENAI_KEY = "DSLTM_API_KEY", "OPENAI_API_KEY"
_PATH = "/chat/completions"


@dataclass(frozen=True, slots=True)
class Address:
    """Where chat completions are asked for.

    Attributes:
        url: the full address.
        host: the name and port, for messages.
        key: what is sent as the bearer token, or None.
        local: the host is this machine.
    """

    url: str
    host: str
    key: str | None = field(repr=False)
    local: bool

    @classmethod
    def parse(cls, url: str, key_env: str | None = None) -> "Address":
        """Check a URL and find its key.

        Raises:
            UsageError: it is not an http or https URL, or the variable `key_env` is not set.
        """
        with contextlib.suppress(ValueError):
            parts = urlsplit(url)
            usual = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
            if usual and "@" not in parts.netloc and url.isprintable() and " " not in url:
                path = parts.path.rstrip("/")
                path = path if path.endswith(_PATH) else path + _PATH
                local = _is_local(parts.hostname or "")
                key = find_key(parts.hostname or "", local, key_env)
                return cls(parts._replace(path=path, fragment="").geturl(), parts.netloc, key, local)
        raise UsageError(f"{url!r} is not an http or https address", hint="http://localhost:8000/v1")

    def redact(self, text: str) -> str:
        """The text without the key, which servers like to quote when they refuse it."""
        return text.replace(self.key, "***") if self.key else text


def find_key(host: str, local: bool, key_env: str | None = None) -> str | None:
    """The API key for a host, from the environment.

    DSLTM_API_KEY goes to whichever endpoint the user names, OPENAI_API_KEY to openai.com and this machine
    only: a URL given to try another service must not hand over the key of this one.

    Args:
        host: without port.
        local: it is this machine.
        key_env: a variable to use instead, for any host.

    Raises:
        UsageError: `key_env` is given and not set.
    """
    names = [OWN_KEY] if key_env is None else [key_env]
    if key_env is None and (local or host == "openai.com" or host.endswith(".openai.com")):
        names.append(OPENAI_KEY)
    for name in names:
        key = os.environ.get(name, "").strip()
        if not (key.isascii() and key.isprintable()):
            raise UsageError(f"the environment variable {name} does not hold a key")
        if key:
            return key
    if key_env is not None:
        raise UsageError(f"the environment variable {key_env} does not hold a key")
    return None


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
