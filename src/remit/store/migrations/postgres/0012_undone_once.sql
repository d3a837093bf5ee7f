-- The undo that has an object of a receipt in hand, so that no other takes the same one back.
ALTER TABLE receipts ADD COLUMN taking_by text NOT NULL DEFAULT '';
