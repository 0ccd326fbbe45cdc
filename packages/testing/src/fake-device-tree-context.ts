import type { DeviceTreeContext } from '@qvm/core/vdev';

/** First shared interrupt of a GIC: SPI 0 has INTID 32. */
const FIRST_SPI = 32;
const FLAG_EDGE_RISING = 1;
const FLAG_LEVEL_HIGH = 4;

/**
 * The context of a board with a GIC and with two address and two size cells; phandles count from 1 in order of first
 * use.
 *
 * @experimental
 */
export class FakeDeviceTreeContext implements DeviceTreeContext {
  readonly #labels: string[] = [];

  interruptCells(number: number, trigger: 'level' | 'edge'): readonly number[] {
    return [0, number - FIRST_SPI, trigger === 'level' ? FLAG_LEVEL_HIGH : FLAG_EDGE_RISING];
  }

  reg(base: number, size: number): readonly number[] {
    return [high(base), base >>> 0, high(size), size >>> 0];
  }

  phandle(label: string): number {
    if (!this.#labels.includes(label)) {
      this.#labels.push(label);
    }
    return this.#labels.indexOf(label) + 1;
  }
}

function high(value: number): number {
  return Math.floor(value / 2 ** 32);
}
