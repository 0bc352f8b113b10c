"""What a service desk is, apart from HTTP: changes, their workflow and approvals, fields, search."""
