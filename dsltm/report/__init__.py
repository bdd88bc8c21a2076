"""The report, one HTML file to pass on: a map of the documents, the topics, their likeness and shares."""
