"""What is kept, for how long and under which key: shredding, retention, reduction, root keys and secrets."""
