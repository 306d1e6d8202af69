"""What should happen: expectations over random networks, for any activation of the catalogue."""
