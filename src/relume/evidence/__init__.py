"""What is claimed about activations, measured; each claim with a verdict that is computed."""
