"""The stages on a Ray cluster: the same rows and bytes as one machine makes, read by many.

What a stage computes is not decided here, only where it runs and how its parts are kept.
"""
