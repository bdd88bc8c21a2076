"""Looking at topics and tidying them: words, sizes, documents, shares by a field, tree, merging, names."""

from typing import Literal

Every = Literal["day", "week", "month", "quarter", "year"]
"""The periods that dates are counted by."""
