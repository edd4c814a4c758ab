"""How fast Deskhand answers, measured from outside on a desk of any size; docs/performance.md says how to read it."""
