"""The workflow lies where the community looks for it; it starts from here as well."""


include: "workflow/Snakefile"


workflow.default_target = "all"  # Snakemake takes none from a file that is included
