"""
Whether words look like the name of a person. Read when a configuration is checked, and by nothing else.
"""
