"""What can go wrong in an optimisation."""


class OptimizeError(Exception):
    """Base of the errors of this package."""


class InfeasibleError(OptimizeError):
    """No plan does what is asked: the limits conflict, or a metric is out of reach."""


class SolverError(OptimizeError):
    """The linear-programming solver did not do its work."""


class UnfoundError(InfeasibleError):
    """No allowed plan was found, which does not prove that there is none.

    Parameters
    ----------
    message : str
    bound : float
        What no allowed plan passes, if there is one.
    """

    def __init__(self, message: str, bound: float) -> None:
        super().__init__(message)
        self.bound = bound
