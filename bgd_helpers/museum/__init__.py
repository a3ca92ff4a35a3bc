"""A museum of wrong gradients: each known slip, what J does in training with it, and which checks notice."""

from bgd_helpers.museum.exhibits import card, curves, table
from bgd_helpers.museum.published import drawn_apart, gates, zeros_against_zeros

__all__ = ["card", "curves", "drawn_apart", "gates", "table", "zeros_against_zeros"]
