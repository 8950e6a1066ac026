"""``python -m avce.cli``: what launchers of several processes start."""

from avce.cli import main

main()
