import { createServer } from 'node:net';
import type { Disposable } from '@qvm/core';

/**
 * Takes a name that only one process of this machine (in its network namespace) can have at a time. It is an abstract
 * Unix socket, which the kernel removes however the process ends, and which leaves no file behind.
 *
 * @param name - up to 100 bytes.
 * @returns `undefined` when another process has it.
 */
export async function takeName(name: string): Promise<Disposable | undefined> {
  const server = createServer((socket) => socket.destroy());
  const taken = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(`\0${name}`, () => resolve(true));
  });
  return taken ? { dispose: () => void server.close() } : undefined;
}
