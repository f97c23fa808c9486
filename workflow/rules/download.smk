# The course's files, where samples.course names them.
# Needs `config["course_url"]`. Creates {RESULTS}/raw/{identifier}/.


rule download:
    output:
        f"{RAW}/{{file}}",
    log:
        f"{LOGS}/download/{{file}}.log",
    conda:
        "../../envs/oddjet.yaml"
    resources:
        mem_mb=500,
        runtime=60,
    params:
        code=code("download.py"),
        url=lambda wildcards: config["course_url"]
        + (
            ""
            if wildcards.file == COURSE_FILES["normal"]
            else f"{config['samples']['course']}/"
        )
        + wildcards.file,
    """
    Download one of the course's three files, with retries, and check what arrived.
    Uses wildcard `file`.
    """
    message:
        "Downloading {wildcards.file}"
    script:
        "../scripts/download.py"
