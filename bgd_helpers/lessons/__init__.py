"""What single notebooks run."""
