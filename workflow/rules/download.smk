# The course's files, where samples.course names them, and those of samples with a url.
# Needs `config["course_url"]`. Creates {RESULTS}/raw/.


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


rule fetch:
    """
    Fetch a file of a sample that has a url, with pauses between attempts and from where a transfer
    broke off, and compare its checksum. It runs where Snakemake does. Uses wildcard `fetched`.
    """
    localrule: True
    message:
        "Fetching {params.url}"
    params:
        code=code("fetch.py"),
        url=lambda wildcards: TO_FETCH[wildcards.fetched]["url"],
        algorithm=lambda wildcards: TO_FETCH[wildcards.fetched]["algorithm"],
        checksum=lambda wildcards: TO_FETCH[wildcards.fetched]["checksum"],
    output:
        f"{FETCHED}/{{fetched}}",
    log:
        f"{LOGS}/fetch/{{fetched}}.log",
    retries: 0  # the script knows better which failures may pass
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/fetch.py"


rule extract:
    """
    Take the member of a sample out of the archive that was fetched. Uses wildcard `extracted`.
    """
    message:
        "Extracting {params.member}"
    input:
        lambda wildcards: f"{FETCHED}/{TO_EXTRACT[wildcards.extracted]['archive']}",
    params:
        code=code("extract.py"),
        member=lambda wildcards: TO_EXTRACT[wildcards.extracted]["member"],
    output:
        f"{FETCHED}/{{extracted}}",
    log:
        f"{LOGS}/extract/{{extracted}}.log",
    resources:
        mem_mb=more(1000),
        runtime=more(30),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/extract.py"
