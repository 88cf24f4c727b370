"""What a plan yields: a Monte Carlo simulator of creator campaigns."""
