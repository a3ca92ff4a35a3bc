"""What single notebooks run: the handout's formulas, experiments, and wrong gradients on trial."""
