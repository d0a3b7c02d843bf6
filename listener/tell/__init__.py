"""
From the queue to those who listen: the API now; dashboard, webhook and NDJSON later.
"""
