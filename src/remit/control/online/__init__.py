"""How good live runs are: a share of them is scored as it ends, without a model, and by judges as far as money goes."""
