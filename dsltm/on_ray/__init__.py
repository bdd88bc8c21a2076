"""The stages on a Ray cluster: many machines read a corpus, and write the rows that one machine would.

What a stage computes is not decided here, only where it runs and how its parts are stored.
"""
