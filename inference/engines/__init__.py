"""One adapter a file or folder. The only place where heavy libraries may be imported, and only when they are used."""
