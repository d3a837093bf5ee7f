"""`python -m remit.cli`: the same terminal, for children that are started with this very interpreter."""

from remit.cli.main import main

main()
