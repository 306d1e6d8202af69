"""What does happen: the activations, gradients and parameters of a network while it trains."""
