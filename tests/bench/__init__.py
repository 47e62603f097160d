"""Measured numbers of design.md: `python3 dev.py bench`."""
