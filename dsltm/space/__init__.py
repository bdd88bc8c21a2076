"""The space of documents: what they are described by, principal axes, neighbours and k-means.

Nothing here knows of topics or of training; rows go in and coordinates, indices or clusters come out.
"""
