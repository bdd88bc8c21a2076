"""What a language model thinks of topics: of their words, and of the documents that they were found in.

A file a kind of judgement, which makes the questions and scores the answers; `judge.py` says what a judge can
be asked, and behind it stand a chat model and a local teacher. No file knows which of them answers.
"""
