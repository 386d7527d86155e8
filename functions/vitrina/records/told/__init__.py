"""What the chats of clients were asked and told, as far as it is to be known later."""
