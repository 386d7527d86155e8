"""Work in progress that gets people and days: single tasks, overdue work, work that is planned anew."""
