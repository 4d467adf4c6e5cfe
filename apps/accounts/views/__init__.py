"""Pages of accounts beside those of django-allauth (sign-in, password, address), which use our templates too."""
