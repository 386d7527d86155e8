"""What the add-on draws into the tabs of the workbooks."""
