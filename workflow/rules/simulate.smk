# Simulated samples: Pythia 8 events, batches of jets or of event images, and files of them in one of
# several layouts.
# Needs `config["simulation"]`, Pythia and FastJet (requirements-simulation.txt).
# Creates in {RESULTS}/simulation/, by layout:
#   images        Normal_data.npz, Test_data_{test}.npz, truth.npz
#   constituents  constituents.h5
#   calorimeter   calorimeter.h5
#   events        {process}.h5
#   particles     particles.h5
from math import ceil

SIMULATION = config["simulation"]
LAYOUT = SIMULATION["layout"]
# processes of the images, and background and signal of the layouts that label jets
BACKGROUND_PROCESS, SIGNAL_PROCESS = SIMULATION["background"], SIMULATION["signal"]
PROCESSES_OF = {"constituents": ("qcd", "top"), "calorimeter": ("gluon", "quark")}

# How many jets or events of each process the samples need, and so which batches.
BATCH = 250
SIGNAL_JETS = sum(
    round(test["fraction"] * test["events"]) for test in SIMULATION["tests"].values()
)
BACKGROUND_JETS = (
    SIMULATION["normal"]
    + sum(test["events"] for test in SIMULATION["tests"].values())
    - SIGNAL_JETS
)
NEEDED = (
    {BACKGROUND_PROCESS: BACKGROUND_JETS, SIGNAL_PROCESS: SIGNAL_JETS}
    if LAYOUT == "images"
    else SIMULATION["processes"]
)
JET_BATCHES, EVENT_BATCHES, PARTICLE_BATCHES = (
    {
        process: expand(pattern, process=process, batch=range(ceil(needed / BATCH)))
        for process, needed in NEEDED.items()
    }
    for pattern in (SIMULATED_JETS, SIMULATED_EVENTS, SIMULATED_PARTICLES)
)


wildcard_constraints:
    process=one_of(NEEDED),
    batch=r"\d+",
    layout=one_of(PROCESSES_OF),


rule simulate:
    """Simulate the samples that `config["simulation"]` describes."""
    input:
        {
            "images": [
                f"{SIMULATED}/Normal_data.npz",
                *expand(
                    f"{SIMULATED}/Test_data_{{test}}.npz", test=SIMULATION["tests"]
                ),
                f"{SIMULATED}/truth.npz",
            ],
            "events": expand(f"{SIMULATED}/{{process}}.h5", process=NEEDED),
        }.get(LAYOUT, f"{SIMULATED}/{LAYOUT}.h5"),


rule simulate_jets:
    """
    Simulate one batch of jets with Pythia 8 and cluster them with FastJet. Its seed follows from
    the simulation's seed, the process and the batch, so the number of cores changes nothing.
    Uses wildcards `process` and `batch`.
    """
    message:
        "Simulating {wildcards.process} jets, batch {wildcards.batch}"
    params:
        code=code("simulate_jets.py"),
        seed=SIMULATION["seed"],
        jets=BATCH,
    output:
        temp(SIMULATED_JETS),
    log:
        f"{LOGS}/simulate_jets/{{process}}_{{batch}}.log",
    benchmark:
        f"{BENCHMARKS}/simulate_jets/{{process}}_{{batch}}.tsv"
    resources:
        mem_mb=more(1000),
        runtime=more(20),
    conda:
        "../../envs/simulation.yaml"
    script:
        "../scripts/simulate_jets.py"


rule simulate_events:
    """
    Simulate one batch of collision events with Pythia 8, each with pile-up, find their objects with
    FastJet and make images of them. Its seed is derived as that of a batch of jets.
    Uses wildcards `process` and `batch`.
    """
    message:
        "Simulating {wildcards.process} events, batch {wildcards.batch}"
    params:
        code=code("simulate_events.py"),
        seed=SIMULATION["seed"],
        events=BATCH,
    output:
        temp(SIMULATED_EVENTS),
    log:
        f"{LOGS}/simulate_events/{{process}}_{{batch}}.log",
    benchmark:
        f"{BENCHMARKS}/simulate_events/{{process}}_{{batch}}.tsv"
    resources:
        mem_mb=more(1000),
        runtime=more(20),
    conda:
        "../../envs/simulation.yaml"
    script:
        "../scripts/simulate_events.py"


rule simulate_particles:
    """
    Simulate one batch of collision events with Pythia 8, those with a hard jet, and keep their
    particles. Its seed is derived as that of a batch of jets. Uses wildcards `process` and `batch`.
    """
    message:
        "Simulating particles of {wildcards.process} events, batch {wildcards.batch}"
    params:
        code=code("simulate_particles.py"),
        seed=SIMULATION["seed"],
        events=BATCH,
    output:
        temp(SIMULATED_PARTICLES),
    log:
        f"{LOGS}/simulate_particles/{{process}}_{{batch}}.log",
    benchmark:
        f"{BENCHMARKS}/simulate_particles/{{process}}_{{batch}}.tsv"
    resources:
        mem_mb=more(1000),
        runtime=more(20),
    conda:
        "../../envs/simulation.yaml"
    script:
        "../scripts/simulate_particles.py"


rule mix_samples:
    """
    Deal the simulated jets out to a pure background sample and to mixtures of background and signal
    jets in random order, make images of them, and write down the truth: labels and jet quantities.
    """
    message:
        "Mixing the simulated jets into samples"
    input:
        background=JET_BATCHES.get(BACKGROUND_PROCESS, []),
        signal=JET_BATCHES.get(SIGNAL_PROCESS, []),
    params:
        code=code("mix_samples.py"),
        seed=SIMULATION["seed"],
        normal=SIMULATION["normal"],
        tests=SIMULATION["tests"],
        image=SIMULATION["image"],
    output:
        normal=f"{SIMULATED}/Normal_data.npz",
        tests=expand(f"{SIMULATED}/Test_data_{{test}}.npz", test=SIMULATION["tests"]),
        truth=f"{SIMULATED}/truth.npz",
    log:
        f"{LOGS}/mix_samples.log",
    benchmark:
        f"{BENCHMARKS}/mix_samples.tsv"
    resources:
        mem_mb=more(4000),
        runtime=more(30),
    conda:
        "../../envs/simulation.yaml"
    script:
        "../scripts/mix_samples.py"


rule label_jets:
    """
    Put the simulated jets of two processes in random order and write them, labelled, in the layout
    of a public data set: as a table of constituents, or as calorimeter images.
    Uses wildcard `layout`.
    """
    message:
        "Writing the simulated jets as {wildcards.layout}"
    input:
        background=lambda wildcards: JET_BATCHES[PROCESSES_OF[wildcards.layout][0]],
        signal=lambda wildcards: JET_BATCHES[PROCESSES_OF[wildcards.layout][1]],
    params:
        code=code("label_jets.py"),
        seed=SIMULATION["seed"],
        background=lambda wildcards: NEEDED[PROCESSES_OF[wildcards.layout][0]],
        signal=lambda wildcards: NEEDED[PROCESSES_OF[wildcards.layout][1]],
    output:
        f"{SIMULATED}/{{layout}}.h5",
    log:
        f"{LOGS}/label_jets/{{layout}}.log",
    benchmark:
        f"{BENCHMARKS}/label_jets/{{layout}}.tsv"
    resources:
        mem_mb=more(4000),
        runtime=more(30),
    conda:
        "../../envs/simulation.yaml"
    script:
        "../scripts/label_jets.py"


rule label_particles:
    """
    Put the simulated events of two processes in random order and write their particles, labelled,
    in the layout of the LHC Olympics.
    """
    message:
        "Writing the particles of the simulated events"
    input:
        background=PARTICLE_BATCHES.get("dijet", []),
        signal=PARTICLE_BATCHES.get("wprime", []),
    params:
        code=code("label_particles.py"),
        seed=SIMULATION["seed"],
        background=NEEDED.get("dijet"),
        signal=NEEDED.get("wprime"),
    output:
        f"{SIMULATED}/particles.h5",
    log:
        f"{LOGS}/label_particles.log",
    benchmark:
        f"{BENCHMARKS}/label_particles.tsv"
    resources:
        mem_mb=more(4000),
        runtime=more(30),
    conda:
        "../../envs/simulation.yaml"
    script:
        "../scripts/label_particles.py"


rule join_events:
    """
    Join the simulated event images of a process in one file.
    Uses wildcard `process`.
    """
    message:
        "Joining the simulated {wildcards.process} events"
    input:
        lambda wildcards: EVENT_BATCHES[wildcards.process],
    params:
        code=code("join_events.py"),
        events=lambda wildcards: NEEDED[wildcards.process],
    output:
        f"{SIMULATED}/{{process}}.h5",
    log:
        f"{LOGS}/join_events/{{process}}.log",
    benchmark:
        f"{BENCHMARKS}/join_events/{{process}}.tsv"
    resources:
        mem_mb=more(4000),
        runtime=more(10),
    conda:
        "../../envs/simulation.yaml"
    script:
        "../scripts/join_events.py"
