"""The report: one HTML file, drawn from what a run folder holds."""
