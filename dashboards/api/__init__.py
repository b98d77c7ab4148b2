"""All GET calls of the contract, and the live feed."""
