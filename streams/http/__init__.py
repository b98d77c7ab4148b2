"""The door: all POST calls of the contract. It reads, bounds and names the caller, and hands requests on."""
