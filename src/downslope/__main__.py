"""``python -m downslope``: the command line, as ``torchrun -m downslope`` starts it on every rank."""

from downslope.cli import main

main()
