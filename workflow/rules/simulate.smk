# Simulated samples: Pythia 8 events, batches of jets, a normal sample and labelled mixtures.
# Needs `config["simulation"]`, Pythia and FastJet (requirements-simulation.txt).
# Creates {RESULTS}/simulation/: Normal_data.npz, Test_data_{test}.npz, truth.npz.
from math import ceil

SIMULATION = config["simulation"]

# How many jets of each process the samples need, and so how many batches.
BATCH_JETS = 250
TOP_JETS = sum(
    round(test["fraction"] * test["events"]) for test in SIMULATION["tests"].values()
)
QCD_JETS = (
    SIMULATION["normal"]
    + sum(test["events"] for test in SIMULATION["tests"].values())
    - TOP_JETS
)


rule simulate:
    """Simulate the samples that `config["simulation"]` describes."""
    input:
        f"{SIMULATED}/Normal_data.npz",
        expand(f"{SIMULATED}/Test_data_{{test}}.npz", test=SIMULATION["tests"]),
        f"{SIMULATED}/truth.npz",


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
        jets=BATCH_JETS,
    output:
        temp(f"{SIMULATED}/batches/{{process}}_{{batch}}.h5"),
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


rule mix_samples:
    """
    Deal the simulated jets out to a pure QCD sample and to mixtures of QCD and top jets in random
    order, make images of them, and write down the truth: labels and jet quantities.
    """
    message:
        "Mixing the simulated jets into samples"
    input:
        qcd=expand(
            f"{SIMULATED}/batches/qcd_{{batch}}.h5",
            batch=range(ceil(QCD_JETS / BATCH_JETS)),
        ),
        top=expand(
            f"{SIMULATED}/batches/top_{{batch}}.h5",
            batch=range(ceil(TOP_JETS / BATCH_JETS)),
        ),
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
