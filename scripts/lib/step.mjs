const HEARTBEAT_MS = 15_000;

/**
 * Runs one step of a script: says what begins, that it still goes on, and how long it took.
 *
 * @param work - returns whatever the step gives.
 */
export async function step(title, work) {
  const began = performance.now();
  const seconds = () => `${Math.round((performance.now() - began) / 100) / 10} s`;
  say(`${title} …`);
  const heartbeat = setInterval(() => say(`${title} … (${seconds()})`), HEARTBEAT_MS);
  try {
    const result = await work();
    say(`${title}: ${seconds()}`);
    return result;
  } finally {
    clearInterval(heartbeat);
  }
}

/** Progress goes to stderr: stdout belongs to what the script runs. */
export function say(text) {
  process.stderr.write(`[qvm] ${text}\n`);
}
