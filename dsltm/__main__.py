"""`python -m dsltm` is `dsltm`."""

from dsltm.cli import main

main()
