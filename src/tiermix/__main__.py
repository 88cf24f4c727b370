"""``python -m tiermix``."""

from tiermix.cli import main

main()
