"""A web page for the emulators: the workbook as Google shows it, with the add-on, and the tracker."""
