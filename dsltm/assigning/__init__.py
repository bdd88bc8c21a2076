"""Assigning: which topics documents have, by one path for files, new text and Ray alike.

A model is restored once and then asked for block after block; nothing is trained here.
"""
