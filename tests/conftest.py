"""Random tests draw the same examples on every machine, so that a failure can be had again."""

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")
