"""Which plan is best: certified linear-programming optimisation."""
