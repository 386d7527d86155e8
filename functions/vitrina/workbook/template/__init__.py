"""Templates of the workbooks and the requests that make a workbook from them. Pure."""
