"""HTTP entry points: authentication, checks of the request, and the answer in the person's language."""
