"""One pass over a tensor: everything per unit from one read of it."""
