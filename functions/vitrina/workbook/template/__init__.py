"""Templates of the workbooks, and the requests that create a workbook from one. Pure."""
