"""Random tests draw the same examples on every machine, so that a failure can be had again."""

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")

# What the tests state was found with numpy; those of the compiled engine ask for it.
os.environ.setdefault("TIERMIX_ENGINE", "numpy")
