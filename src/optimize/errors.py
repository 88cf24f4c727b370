"""What can go wrong in an optimisation."""


class OptimizeError(Exception):
    """Base of the errors of this package."""


class InfeasibleError(OptimizeError):
    """No plan does what is asked: the limits conflict, or a metric is out of reach."""


class SolverError(OptimizeError):
    """The linear-programming solver did not do its work."""
