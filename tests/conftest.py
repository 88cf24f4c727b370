"""Random tests draw the same examples on every machine, so that a failure can be had again."""

import os

from tiermix.one_thread import ONE_THREAD

os.environ.update(ONE_THREAD)  # as the command line does, before numpy is imported

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")

# What the tests state was found with numpy; those of the compiled engine ask for it.
os.environ.setdefault("TIERMIX_ENGINE", "numpy")
