"""``python -m tiermix``."""

from tiermix.start import main

if __name__ == "__main__":
    main()
