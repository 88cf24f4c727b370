"""Campaigns against tiermix: each a command, the same for the same seed, short in the tests."""
