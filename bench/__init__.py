"""How fast Dispatch is: a database of many incidents, and what each page and call costs on it. `./dispatch bench`."""
