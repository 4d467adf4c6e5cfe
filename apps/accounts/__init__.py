"""People and workspaces: users, memberships, invitations and the rules of who may do what."""
