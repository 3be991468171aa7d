"""`python -m edgedf`, which `torchrun -m edgedf` needs."""

from edgedf.cli import main

main()
