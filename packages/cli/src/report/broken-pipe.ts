/** A reader that went away (`qvm … | head`) is no error worth a message; what follows goes nowhere. */
export function ignoreBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.listenerCount('error') === 0) stream.on('error', () => undefined);
  }
}
