"""The metrics of the field, each a pure function of words, labels or topic proportions."""
