"""A museum of wrong gradients: each known slip, and which checks notice it."""
