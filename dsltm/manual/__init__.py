"""The manual pages and the shells' completions, made from the same definitions as `--help`."""
