"""One page to pass on: a map of the documents, the topics, their likeness and shares, in one file."""
