import { QvmError } from '@qvm/core';
import type { Json } from '@qvm/core';
import { defineOptions, option } from '@qvm/core/options';
import { defineVdev } from '@qvm/core/vdev';
import type { VdevContext, VdevFactory } from '@qvm/core/vdev';

/** A deliberate fault of {@link createTestVdev}. */
export interface TestVdevFaults {
  readonly leakTimer?: boolean;
  readonly throwAt?: number;
  readonly tooWide?: boolean;
  readonly trustState?: boolean;
}

/** A one-register vdev for the kit's own tests, with faults on demand. */
export function createTestVdev(faults: TestVdevFaults = {}): VdevFactory {
  return defineVdev({
    type: 'test-register',
    description: 'One register that raises its interrupt while it is not zero',
    options: defineOptions({
      preset: option.number({ description: 'Value at reset', default: 0, min: 0, max: 255 }),
    }),
    resources: () => ({ mmio: [{ name: 'registers', size: 8 }], interrupts: [{ name: 'irq' }] }),
    create: (context, options) => createInstance(context, options.preset, faults),
  });
}

function createInstance(
  context: VdevContext,
  preset: number,
  faults: TestVdevFaults,
): ReturnType<VdevFactory['create']> {
  const line = context.interrupt('irq');
  const timer = context.clock.createTimer('unused', () => undefined);
  let value = preset;
  const set = (next: number): void => {
    value = next;
    line.set(value !== 0);
  };
  set(preset);
  return {
    mmio: {
      registers: {
        read: (offset) => {
          if (offset === faults.throwAt) {
            throw new RangeError('deliberate');
          }
          return faults.tooWide === true ? 2 ** 32 : offset === 0 ? value : 0;
        },
        write: (offset, _width, next) => set(offset === 0 ? next & 0xff : value),
      },
    },
    reset: () => set(preset),
    save: () => ({ version: 1, state: { value } }),
    restore: ({ version, state }) => set(faults.trustState === true ? trusted(state) : checked(version, state)),
    status: () => ({ value }),
    dispose: () => {
      if (faults.leakTimer !== true) {
        timer.dispose();
      }
    },
  };
}

function trusted(state: Json): number {
  return (state as { value: number }).value;
}

function checked(version: number, state: Json): number {
  const value = typeof state === 'object' && state !== null && 'value' in state ? state.value : undefined;
  if (version !== 1 || typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 255) {
    throw new QvmError('vdev.state', 'not a state of this vdev');
  }
  return value;
}
