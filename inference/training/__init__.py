"""How the library's own weights were made. For development only: nothing that runs in production imports it."""
