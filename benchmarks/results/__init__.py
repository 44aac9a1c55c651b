"""What comes of the numbers: medians, ratios, goals, the report, the check."""
