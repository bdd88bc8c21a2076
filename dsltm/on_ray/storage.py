"""Files on this machine and in object stores, through what pyarrow and fsspec reach."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import secrets
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from dsltm.errors import DsltmError
from dsltm.formats.output import reason
from dsltm.formats.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCAL = "local"


def filesystem(place: str) -> tuple[Any, str]:
    """The pyarrow file system of a path or URI, and the path in it.

    Raises:
        DsltmError: neither pyarrow nor fsspec has such a file system here.
    """
    from pyarrow import fs

    if "://" not in place:
        return fs.LocalFileSystem(), os.path.abspath(place)
    try:
        return cast("tuple[Any, str]", fs.FileSystem.from_uri(place))
    except (ValueError, NotImplementedError, OSError):
        # fsspec knows more file systems than pyarrow.
        pass
    try:
        import fsspec

        opened, path = fsspec.core.url_to_fs(place)
    except (ImportError, ValueError, OSError) as error:
        raise DsltmError(f"{place}: cannot be reached: {error}") from error
    return fs.PyFileSystem(fs.FSSpecHandler(opened)), path


def listed(place: str) -> list[str]:
    """The files of a folder, its folders' included, in the order of their names; a file alone is itself.

    Files and folders whose names begin with a dot or an underscore are passed over.

    Raises:
        DsltmError: the place does not exist, or cannot be read.
    """
    from pyarrow import fs

    system, root = filesystem(place)
    try:
        about = system.get_file_info(root)
        if about.type == fs.FileType.NotFound:
            raise DsltmError(f"{place}: no such file or directory")
        if about.type == fs.FileType.File:
            return [place]
        entries = system.get_file_info(fs.FileSelector(root, recursive=True))
    except OSError as error:
        raise DsltmError(f"{place}: {reason(error)}") from error
    base = root.rstrip("/") + "/"
    names = sorted(info.path.removeprefix(base) for info in entries if info.type == fs.FileType.File)
    shown = [name for name in names if not any(step.startswith((".", "_")) for step in name.split("/"))]
    return [f"{place.rstrip('/')}/{name}" for name in shown]


class StoredFile(Source):
    """A file of any file system.

    Args:
        place: path or URI.
        encoding: as of `Source`.

    Raises:
        DsltmError: it cannot be opened.
    """

    def __init__(self, place: str, encoding: str | None = None) -> None:
        self._system, self._path = filesystem(place)
        self.name, self.encoding, self._digest = place, encoding, None

    def _stored(self) -> io.BufferedReader:
        return io.BufferedReader(self._anywhere(), 1 << 20)

    def _anywhere(self) -> Any:
        try:
            return self._system.open_input_file(self._path)
        except OSError as error:
            raise DsltmError(f"{self.name}: {reason(error)}") from error


class Folder:
    """Where results go: files appear whole or not at all.

    Raises:
        DsltmError: the folder cannot be made.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        self._system, self._root = filesystem(place)
        self._is_local = self._system.type_name == _LOCAL
        with self._named_errors():
            self._system.create_dir(self._root, recursive=True)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other runs out, where the file system has locks.

        Raises:
            DsltmError: another run writes here.
        """
        if not self._is_local:
            yield
            return
        with open(f"{self._root}/.lock", "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise DsltmError(f"{self.place}: another run is writing there") from None
            yield

    def read(self, name: str) -> bytes | None:
        """The content of a file; None where the file does not exist."""
        if self.size(name) is None:
            return None
        with self._named_errors(), self._system.open_input_file(f"{self._root}/{name}") as file:
            return cast("bytes", file.read())

    def size(self, name: str) -> int | None:
        """The number of bytes of a file; None where the file does not exist."""
        with self._named_errors():
            info = self._system.get_file_info(f"{self._root}/{name}")
        return cast("int | None", info.size)

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """A new file that appears when it is closed: object stores show it then, elsewhere it is renamed."""
        place = f"{self._root}/{name}"
        scratch = f"{self._root}/.{name}.{secrets.token_hex(4)}" if self._is_local else place
        with self._named_errors():
            try:
                with self._system.open_output_stream(scratch) as stream:
                    yield cast("BinaryIO", stream)
                if scratch != place:
                    self._system.move(scratch, place)
            except BaseException:
                if scratch != place:
                    with contextlib.suppress(OSError):
                        self._system.delete_file(scratch)
                raise

    @contextlib.contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DsltmError(f"{self.place}: {reason(error)}") from error
