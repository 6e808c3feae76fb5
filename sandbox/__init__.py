"""Simulated stores that speak the platforms' real wire formats. Standard library only."""
