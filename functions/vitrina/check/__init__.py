"""The operator's command that judges plans by the cells and the cards: ``python -m vitrina.check``."""
