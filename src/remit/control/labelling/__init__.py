"""Labels that people give: queues, who may see what, what is settled, and the sets that are made of it."""
