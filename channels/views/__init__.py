"""The pages of channels, listings, orders and what went in and out: one module for each room."""
