"""What-if in the browser: a saved run whose budget, objective and split can be moved."""
