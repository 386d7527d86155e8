"""Google: Sheets and Drive, who asks, and the queue."""
