"""The site of the course: a book to read, and a workbook that runs in the browser, as a folder of static files."""
