"""Pages for everybody in a project, console or not: the report, the status page, the page of one incident."""
