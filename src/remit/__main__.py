"""`python -m remit`: the terminal for those who name their interpreter, such as processes that start others like
themselves. It knows only the way in.
"""

from remit.cli.main import main

main()
