"""Looking at topics and tidying them: words, sizes, documents, shares by a field, tree, merging, names."""
