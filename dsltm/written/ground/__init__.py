"""Topics that somebody wrote, brought to the documents by hybrid retrieval."""
