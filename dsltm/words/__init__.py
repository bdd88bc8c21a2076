"""Words: those of a text, languages, stop words, phrases, the vocabulary of a corpus, term weights and BM25.

What a teacher makes of words does not enter, nor does any geometry of documents.
"""
