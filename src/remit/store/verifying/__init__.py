"""The verifier: judges an exported log by its files alone. It needs the standard library and `cryptography`, knows no
database and no setting, and works the same as a copied folder: `python -m verifying DIR`.
"""
