"""`relume run`: a training script as it is, under watch."""
