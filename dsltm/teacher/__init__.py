"""The teacher: where its files come from (`files/`), and how it reads (`reading/`).

Labels files, corpora on disk and topics do not enter: texts go in, and arrays come out.
"""
