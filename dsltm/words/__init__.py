"""Words: the vocabulary of a corpus, stop words, phrases, term weights and BM25.

What a teacher makes of words does not enter, nor does any geometry of documents.
"""
