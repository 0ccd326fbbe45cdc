import { InterruptBus } from '@qvm/core/architecture';
import { createVmHooks } from '@qvm/core/host';
import type { MmioHandler } from '@qvm/core/vdev';
import type { PciFunctionSpec } from '../function/function-spec.js';
import { FakeWindow } from './fake-window.test.helper.js';
import { PciBus, type PciBusOptions } from './pci-bus.js';

/** First interrupt of the four lines. */
export const FIRST_INTERRUPT = 35;

/** Registers that answer with a constant. */
export const constant = (value: number): MmioHandler => ({ read: () => value, write: () => undefined });

/** A function of a test, with an identity and nothing else. */
export const PLAIN: PciFunctionSpec = { vendorId: 0x1b36, deviceId: 0x0005, classCode: 0x00ff00 };

/** A bus whose surroundings a test can see. */
export interface TestBus {
  readonly bus: PciBus;
  readonly memory32: FakeWindow;
  readonly memory64: FakeWindow;
  readonly io: FakeWindow;
  /** Messages that were sent, oldest first. */
  readonly messages: (readonly [address: number, data: number])[];
  /** Changes of the inputs of the interrupt controller. */
  readonly levels: (readonly [input: number, level: boolean])[];
}

export function createTestBus(options: Partial<PciBusOptions> = {}): TestBus {
  const memory32 = new FakeWindow(0x1000_0000, 0x2000_0000);
  const memory64 = new FakeWindow(0x80_0000_0000, 0x80_0000_0000);
  const io = new FakeWindow(0x1000, 0xf000);
  const messages: (readonly [number, number])[] = [];
  const levels: (readonly [number, boolean])[] = [];
  const interrupts = new InterruptBus(1, createVmHooks('test'));
  interrupts.attach({ inputChanged: (input, _, level) => levels.push([input, level]) });
  const bus = new PciBus({
    memory32,
    memory64,
    io,
    messages: () => ({ message: (address, data) => messages.push([address, data]) }),
    connectPin: (line, owner) => interrupts.line(FIRST_INTERRUPT + line, owner),
    ...options,
  });
  return { bus, memory32, memory64, io, messages, levels };
}
