"""PostgreSQL as the product uses it; the setting ENGINE names this package."""
