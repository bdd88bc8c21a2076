"""Files that hold no text: what they are, and what to do with them."""

from dsltm.errors import DsltmError

ZIP = b"PK\x03\x04"
# How they begin, what they are, and what to use in their place.
_FOREIGN = {
    ZIP: ("a zip or NPZ file", None),
    b"PAR1": ("a Parquet file", "a name that ends in .parquet, or --format parquet, where a corpus is read"),
    b"%PDF-": ("a PDF document", "pdftotext"),
    b"SQLite format 3\0": ("a SQLite database", "sqlite3 -json FILE 'SELECT ...'"),
    b"\xd0\xcf\x11\xe0": ("an old Office document", "saving it as .xlsx or .csv"),
    b"7z\xbc\xaf": ("a 7z archive", "the folder that 7z x makes of it"),
    b"Rar!": ("a RAR archive", "the folder that unrar x makes of it"),
    b"\x04\x22\x4d\x18": ("lz4-compressed", "lz4 -d"),
    b"\x80\x04\x95": (
        "a Python pickle, which is never read",
        "pandas's to_json(orient='records', lines=True)",
    ),
    b"\x80\x05\x95": (
        "a Python pickle, which is never read",
        "pandas's to_json(orient='records', lines=True)",
    ),
    b"\x89HDF": ("an HDF5 file", "pandas's to_parquet"),
}


def refuse_foreign(head: bytes, name: str, *, binary: bool) -> None:
    """Refuse a file that holds no text, and say what it is and what to do with it."""
    for magic, (what, hint) in _FOREIGN.items():
        if head.startswith(magic):
            raise DsltmError(f"{name}: not UTF-8 text but {what}", hint=hint)
    if head[257:262] == b"ustar":
        raise DsltmError(
            f"{name}: not UTF-8 text but a tar archive", hint="the folder that tar -x makes of it"
        )
    if binary:
        raise DsltmError(f"{name}: not UTF-8 text but binary data", hint=_utf16_hint(head))


def _utf16_hint(head: bytes) -> str | None:
    """What to try where every other byte of a file is zero, as in UTF-16 that has no byte order mark."""
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = head[offset::2]
        if half and half.count(0) > 0.7 * len(half):  # European text mostly has zeros; 0.7 is chosen.
            return f"--encoding {name}"
    return None
