"""The demo: a whole installation with two simulated stores, started and filled by one command."""
