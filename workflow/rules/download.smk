# The course's files, where samples.course names them.
# Needs `config["course_url"]`. Creates {RESULTS}/raw/{identifier}/.


rule download:
    """
    Download one of the course's three files, with pauses between attempts, and check what
    arrived. It runs where Snakemake does: the nodes of a cluster often have no way out.
    Uses wildcard `file`.
    """
    localrule: True
    message:
        "Downloading {wildcards.file}"
    params:
        code=code("download.py"),
        url=lambda wildcards: config["course_url"]
        + (
            ""
            if wildcards.file == COURSE_FILES["normal"]
            else f"{config['samples']['course']}/"
        )
        + wildcards.file,
    output:
        f"{RAW}/{{file}}",
    log:
        f"{LOGS}/download/{{file}}.log",
    retries: 0  # the script knows better which failures may pass
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/download.py"
