"""Whether two runs look at the same things: metrics, noise, thresholds, verdict, reports."""
