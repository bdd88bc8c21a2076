"""Distillation: the teacher reads every document once."""
