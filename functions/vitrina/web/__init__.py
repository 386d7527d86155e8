"""HTTP: who asks, what exactly is asked, and the answer in the person's language."""
