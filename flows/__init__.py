"""The night: crawl, read, reconcile, load, report. Prefect is a thin skin over functions tested without it."""
