"""What runs said, found again; failures as groups; and why a run came out as it did."""
