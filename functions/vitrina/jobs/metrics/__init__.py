"""Jobs that read the facts of metrics and write them into workbooks."""
