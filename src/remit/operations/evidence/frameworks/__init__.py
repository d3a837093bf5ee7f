"""The frameworks as data, in our own words: one file each, over the mechanisms that they share."""
