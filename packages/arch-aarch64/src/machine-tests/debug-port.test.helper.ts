import type { Vdev, VdevContext, VdevFactory } from '@qvm/core/vdev';

/** Address of the debug port, where the board has nothing. */
export const DEBUG_PORT = 0x0b00_0000;
/** Number of its interrupt, a shared peripheral one. */
export const DEBUG_INTERRUPT = 40;

/** Registers of the debug port. */
export enum Port {
  /** Writes go to the log; reads give {@link PORT_PATTERN}. */
  Log = 0x00,
  /** A write ends the VM with this exit code. */
  End = 0x08,
  /** Sets the level of the interrupt line. */
  Line = 0x10,
  /** A write pulses the line. */
  Pulse = 0x14,
  /** A write makes the vdev throw. */
  Fail = 0x18,
}

/** Value of reads from the port. */
export const PORT_PATTERN = 0x8765_4321;

const SIZE = 0x1000;

/** The port's addresses and interrupt, for a board. */
export const debugPlace = { 'debug-port': { base: DEBUG_PORT, interrupt: DEBUG_INTERRUPT } };

/** A vdev that logs what the guest writes, ends the VM, and drives one interrupt line. */
export function debugPort(log: number[]): VdevFactory {
  return {
    type: 'debug-port',
    description: 'Test port.',
    options: {},
    resources: () => ({
      mmio: [{ name: 'port', size: SIZE }],
      interrupts: [{ name: 'line' }],
    }),
    create: (context) => new DebugPort(context, log),
  };
}

class DebugPort implements Vdev {
  readonly mmio = {
    port: {
      read: () => PORT_PATTERN,
      write: (offset: number, _width: number, value: number) => this.#write(offset, value),
    },
  };

  constructor(
    private readonly context: VdevContext,
    private readonly log: number[],
  ) {}

  #write(offset: number, value: number): void {
    const line = this.context.interrupt('line');
    if (offset === (Port.End as number)) this.context.terminate(value, 'The guest has ended.');
    else if (offset === (Port.Line as number)) line.set(value !== 0);
    else if (offset === (Port.Pulse as number)) line.pulse();
    else if (offset === (Port.Fail as number)) throw new Error('The port is broken.');
    else this.log.push(value);
  }

  reset(): void {
    this.context.interrupt('line').set(false);
  }

  save() {
    return { version: 1, state: {} };
  }

  restore(): void {}

  status() {
    return {};
  }

  dispose(): void {}
}
