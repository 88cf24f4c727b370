"""From past posts to the ranges of a scenario file, and how well those hold.

Hierarchical (partial-pooling) estimates by maximum likelihood and quadrature: the preset is the
prior, and gives way where the posts contradict it.
"""
