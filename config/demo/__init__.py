"""The staged demo: a fictional district, built through the real verbs only, on a clock that really lets every legal minimum pass."""
