"""A page over the emulators: the workbook as Google shows it, the add-on in it, the tracker beside it."""
