# From raw files to checked, sparse samples.
# Needs the files of `SAMPLES`. Creates {RESULTS}/raw/jets/, {RESULTS}/prepared/ and tables/samples.csv.


rule find_jets:
    """
    Cluster the events of a sample whose files hold their particles, unweighted where they have
    weights, with FastJet, and store the constituents of the jets that are asked for.
    Uses wildcard `sample`.
    """
    message:
        "Finding jets in the events of {wildcards.sample}"
    input:
        raw=lambda wildcards: raw(OF_EVENTS[wildcards.sample]["file"]),
        weights=lambda wildcards: raw(
            configuration.weight_files(OF_EVENTS[wildcards.sample])
        ),
    params:
        code=code(
            "find_jets.py",
            lambda wildcards: reader(files_with_weights(OF_EVENTS[wildcards.sample])),
        ),
        contents=lambda wildcards: contents_of(
            files_with_weights(OF_EVENTS[wildcards.sample])
        ),
        sample=lambda wildcards: configuration.asked(OF_EVENTS[wildcards.sample]),
        images={
            name: config["images"][name]
            for name in ("columns", "coordinates", "unit", "constituents")
        },
    output:
        FOUND_JETS,
    log:
        f"{LOGS}/find_jets/{{sample}}.log",
    benchmark:
        f"{BENCHMARKS}/find_jets/{{sample}}.tsv"
    resources:
        mem_mb=more(2000),
        runtime=more(60),
    conda:
        "../../envs/clustering.yaml"
    script:
        "../scripts/find_jets.py"


rule read_piece:
    """
    Read and check a piece of a sample that is read in several: a file, or a range of rows. Store its
    raw images by their lit pixels alone, and their features. Uses wildcards `sample` and `piece`.
    """
    message:
        "Reading piece {wildcards.piece} of {wildcards.sample}"
    input:
        raw=lambda wildcards: raw(of_piece("file")(wildcards)),
        weights=lambda wildcards: raw(
            configuration.weight_files(OF_JETS[wildcards.sample])
        ),
    params:
        code=code("read_piece.py", lambda wildcards: reader(piece_files(wildcards))),
        contents=lambda wildcards: contents_of(piece_files(wildcards)),
        sample=lambda wildcards: configuration.asked(OF_JETS[wildcards.sample]),
        images=config["images"],
        part=of_piece("part"),
    output:
        PIECE,
    log:
        f"{LOGS}/read_piece/{{sample}}_{{piece}}.log",
    benchmark:
        f"{BENCHMARKS}/read_piece/{{sample}}_{{piece}}.tsv"
    resources:
        mem_mb=more(1000),
        runtime=piece_minutes,
    wildcard_constraints:
        sample=one_of(SCORED),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/read_piece.py"


use rule read_piece as read_normal_piece with:
    # As `read_piece`, of the normal sample, and first: tests wait for the crop that it decides.
    # Uses wildcards `sample` and `piece`.
    wildcard_constraints:
        sample="normal",
    priority: 1


rule measure_crop:
    """
    Measure the crop that is `auto` on a normal sample that is read in pieces, so that tests are
    prepared beside it. Uses wildcard `preparation`.
    """
    message:
        "Measuring the crop ({wildcards.preparation})"
    input:
        raw=raw(OF_JETS["normal"]["file"]),
        weights=raw(configuration.weight_files(OF_JETS["normal"])),
        pieces=pieces_of("normal"),
    params:
        code=code("measure_crop.py", reader(files_with_weights(OF_JETS["normal"]))),
        contents=lambda wildcards: contents_of(files_with_weights(OF_JETS["normal"])),
        sample=configuration.asked(OF_JETS["normal"]),
        images=config["images"],
        preprocessing=lambda wildcards: PREPARATIONS[wildcards.preparation],
        split=config["split"],
    output:
        MEASURED_CROP,
    log:
        f"{LOGS}/measure_crop/{{preparation}}.log",
    benchmark:
        f"{BENCHMARKS}/measure_crop/{{preparation}}.tsv"
    priority: 1
    resources:
        mem_mb=more(2000),
        runtime=minutes_for(30),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/measure_crop.py"


rule prepare_normal:
    """
    Check the normal sample, unweight it where it has weights, centre, rotate, flip, crop and rebin its jets as configured, store
    them by their lit pixels, and hold out the control part, which no training sees.
    Uses wildcard `preparation`: `shared`, or what a model wants otherwise, which keeps the same jets.
    """
    message:
        "Preparing the normal sample ({wildcards.preparation})"
    input:
        raw=raw(OF_JETS["normal"]["file"]),
        weights=raw(configuration.weight_files(OF_JETS["normal"])),
        like=prepared_before(SHARED_NORMAL),
        pieces=pieces_of("normal"),
        crop=measured_crop,
    params:
        code=code("prepare_normal.py", reader(files_with_weights(OF_JETS["normal"]))),
        contents=lambda wildcards: contents_of(files_with_weights(OF_JETS["normal"])),
        sample=configuration.asked(OF_JETS["normal"]),
        images=config["images"],
        preprocessing=lambda wildcards: PREPARATIONS[wildcards.preparation],
        split=config["split"],
    output:
        PREPARED_NORMAL,
    log:
        f"{LOGS}/prepare_normal/{{preparation}}.log",
    benchmark:
        f"{BENCHMARKS}/prepare_normal/{{preparation}}.tsv"
    priority: 1  # the longest job of all that prepare
    resources:
        mem_mb=more(2000),
        runtime=minutes_for(30),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/prepare_normal.py"


rule prepare_test:
    """
    Check a test, or the simulated signal, and preprocess its jets as those of the normal sample,
    with the same crop. Uses wildcards `preparation` and `test`.
    """
    message:
        "Preparing test {wildcards.test} ({wildcards.preparation})"
    input:
        raw=lambda wildcards: raw(OF_JETS[wildcards.test]["file"]),
        weights=lambda wildcards: raw(
            configuration.weight_files(OF_JETS[wildcards.test])
        ),
        crop=known_crop,
        like=prepared_before(SHARED_TEST),
        pieces=lambda wildcards: pieces_of(wildcards.test),
    params:
        code=code(
            "prepare_test.py",
            lambda wildcards: reader(files_with_weights(OF_JETS[wildcards.test])),
        ),
        contents=lambda wildcards: contents_of(
            files_with_weights(OF_JETS[wildcards.test])
        ),
        sample=lambda wildcards: configuration.asked(OF_JETS[wildcards.test]),
        images=config["images"],
        preprocessing=lambda wildcards: PREPARATIONS[wildcards.preparation],
    output:
        PREPARED_TEST,
    log:
        f"{LOGS}/prepare_test/{{preparation}}_{{test}}.log",
    benchmark:
        f"{BENCHMARKS}/prepare_test/{{preparation}}_{{test}}.tsv"
    resources:
        mem_mb=more(2000),
        runtime=minutes_for(30),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/prepare_test.py"


rule prepare_truth:
    """
    Check the truth labels of a test against its events, or give all of them the one that they are
    known to have. Evaluation alone reads them, and the supervised reference, which is part of it.
    Uses wildcard `test`.
    """
    message:
        "Checking the truth of test {wildcards.test}"
    input:
        raw=lambda wildcards: raw(truth_files(wildcards)),
        test=SHARED_TEST,
    params:
        code=code("prepare_truth.py", lambda wildcards: reader(truth_files(wildcards))),
        contents=lambda wildcards: contents_of(truth_files(wildcards)),
        truth=lambda wildcards: configuration.asked(
            configuration.truth_of(SCORED[wildcards.test])
        ),
        label=lambda wildcards: configuration.truth_of(SCORED[wildcards.test]).get(
            "label"
        ),
    output:
        PREPARED_TRUTH,
    log:
        f"{LOGS}/prepare_truth/{{test}}.log",
    resources:
        mem_mb=more(1000),
        runtime=more(10),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/prepare_truth.py"


rule check_samples:
    """
    Check that the samples fit together, that the control part is large enough, that the truths
    were found good, and that the features to leave out are there; list the samples and their files.
    Trainings wait for it, so that bad input costs no training.
    """
    message:
        "Checking that the samples fit together"
    input:
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=SCORED),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    params:
        code=code("check_samples.py"),
        tests=list(SCORED),
        exclude=config["features"]["exclude"],
        files=[sample["file"] for sample in [SAMPLES["normal"], *SCORED.values()]],
        truths=TRUTHS,
        validation=config["split"]["validation"],
        max_fpr=config["fraction"]["max_fpr"],
        fpr_confidence=config["fraction"]["fpr_confidence"],
    output:
        samples=table("samples"),
        sources=table("sources"),
    log:
        f"{LOGS}/check_samples.log",
    resources:
        mem_mb=more(1000),
        runtime=more(10),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/check_samples.py"
