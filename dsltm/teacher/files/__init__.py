"""A teacher's files: its aliases, where they are found or fetched from, conversion, and opening them."""
