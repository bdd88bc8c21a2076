"""Topics that somebody wrote: `generate` writes them, `ground` and `attend` find the documents they fit.

Models of written topics are used like trained ones; only how they come about is here.
"""
