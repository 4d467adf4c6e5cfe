"""SeFi-Image (arXiv 2606.22568): semantic-first text-to-image diffusion, on the building blocks of diffusers.

Needs the requirements of ``infra/requirements/generate.in``; nothing outside this folder imports torch.
"""
