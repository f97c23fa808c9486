# The course's files, where samples.course names them.
# Needs `config["course_url"]`. Creates {RESULTS}/raw/{identifier}/.


rule download:
    """
    Download one of the course's three files, with retries, and check what arrived.
    Uses wildcard `file`.
    """
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
    resources:
        mem_mb=500,
        runtime=60,
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/download.py"
