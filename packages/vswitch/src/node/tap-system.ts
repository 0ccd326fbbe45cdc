import { createRequire } from 'node:module';

/**
 * The functions of libc that Node lacks.
 *
 * @experimental
 */
export interface TapSystem {
  /** Returns 0 or the number of the error. */
  ioctl(descriptor: number, request: number, argument: Uint8Array): number;
  /** Waits up to `milliseconds` until data can be read, without blocking the thread; returns whether it can. */
  readable(descriptor: number, milliseconds: number): Promise<boolean>;
}

/** The part of koffi (https://koffi.dev) that is used; its own types are not a dependency of this package. */
interface Koffi {
  load(path: null): KoffiLibrary;
  errno(): number;
}

interface KoffiLibrary {
  func(prototype: string): KoffiFunction;
}

interface KoffiFunction {
  (...parameters: readonly unknown[]): number;
  async(...parameters: readonly unknown[]): void;
}

const POLLIN = 1;

/**
 * Loads koffi, an optional peer dependency.
 *
 * @throws the error of `require` when it is not installed.
 */
export function loadTapSystem(): TapSystem {
  const koffi = createRequire(import.meta.url)('koffi') as Koffi;
  const library = koffi.load(null);
  const ioctl = library.func('int ioctl(int, unsigned long, void *)');
  const poll = library.func('int poll(void *, unsigned long, int)');
  return {
    ioctl: (descriptor, request, argument) => (ioctl(descriptor, request, argument) < 0 ? koffi.errno() : 0),
    readable: (descriptor, milliseconds) => {
      const entry = pollEntry(descriptor);
      return new Promise((resolve, reject) =>
        poll.async(entry, 1, milliseconds, (error: Error | null, count: number) => {
          if (error === null) resolve(count > 0);
          else reject(error);
        }),
      );
    },
  };
}

/** `struct pollfd` for one descriptor; its second field has the events to wait for. */
function pollEntry(descriptor: number): Uint8Array {
  const entry = new Uint8Array(8);
  const view = new DataView(entry.buffer);
  view.setInt32(0, descriptor, true);
  view.setInt16(4, POLLIN, true);
  return entry;
}
