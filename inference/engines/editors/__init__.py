"""Pictures changed by an instruction: stock pipelines of diffusers, one picture at a time, behind the shared port."""
