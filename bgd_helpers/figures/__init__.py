"""The pictures of the evidence."""
