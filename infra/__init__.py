"""What runs VisualForge on one machine and in clusters."""
