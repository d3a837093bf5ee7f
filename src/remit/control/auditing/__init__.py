"""What can be proved: checkpoints, exports, verification, and how healthy they are."""
