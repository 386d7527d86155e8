"""What people do outside the menu of the project: deals, chat, client's page, accounting, another agency."""
