"""Every scenario, in the order in which they run and are reported."""

from benchmarks.scenarios import big_state, growth, lists, load, memory, soak, terraform_runs

SCENARIOS = [
    *memory.FIRST,
    *load.SCENARIOS,
    *big_state.SCENARIOS,
    *lists.SCENARIOS,
    *growth.SCENARIOS,
    *terraform_runs.SCENARIOS,
    *soak.SCENARIOS,
    *memory.LAST,
]
