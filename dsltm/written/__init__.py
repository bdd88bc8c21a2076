"""Topics that somebody wrote: `generate` writes them, `ground` and `attend` find the documents they fit.

Only the making of such models is here, because they are used like trained ones.
"""
