"""Renders studio sets to light plates. Needs the packages of infra/requirements/sets.in; never imported at run time."""
