"""What a project does with its chat: its group, messages to the client, questions of the client."""
