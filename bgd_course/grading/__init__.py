"""Grading: answers are taken from a notebook, run in a sandbox, and judged outside by the values they give."""
