/**
 * The seed of this run's random tests: another one each time, so that runs together see more than one alone. It is printed; the same
 * again with SEED=N.
 */
export const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

process.stdout.write(`Random tests with seed ${seed}; the same again with SEED=${seed}.\n`);
