"""What the tables must hold, read from the contract alone: slow, and apart from the code it checks."""
