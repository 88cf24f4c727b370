"""Split a creator budget across tiers: files, commands and reports."""

__version__ = "0.1.0"
