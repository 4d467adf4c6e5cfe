"""The Django site: tenants, pages, jobs.

It never imports torch or an engine; ``apps.jobs`` and the job kinds are the bridge to ``inference``.
"""
