"""Loading and clearing the sandbox. The stores themselves are another process, which knows nothing of the product."""
