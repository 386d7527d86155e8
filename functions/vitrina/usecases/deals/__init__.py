"""What is made of the deals of a CRM: a card of the sales board, a project."""
