"""The report, one HTML file to pass on: a map of the documents, the topics, their likeness and shares."""

from typing import Literal

Layout = Literal["auto", "tsne", "pca"]
"""How documents are placed on the map."""
